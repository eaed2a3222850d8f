import type Protocol from 'ssh2/lib/protocol/Protocol.js';

/** Messages of the transport and authentication layers, parsed (RFC 4253, RFC 4252). */
export interface AuthMessages {
  disconnected(code: number, text: string): void;
  serviceRequested(name: string): void;
  authSucceeded(): void;
  authFailed(methods: readonly string[]): void;
}

/** Messages of the connection layer, parsed (RFC 4254). Numbers of channels are ours. */
export interface ChannelMessages {
  globalRequest(name: string, wantReply: boolean, data: unknown): void;
  requestAnswered(ok: boolean, data?: Buffer): void;
  opened(confirmation: Protocol.ChannelConfirmation): void;
  openFailed(local: number, code: number, text: string): void;
  openRequested(open: Protocol.ChannelOpen): void;
  data(local: number, data: Buffer): void;
  windowOpened(local: number, bytes: number): void;
  eof(local: number): void;
  close(local: number): void;
  channelRequest(local: number, wantReply: boolean): void;
}

interface Receiver {
  readonly auth: AuthMessages;
  readonly channels: ChannelMessages;
}

/** ssh2's names for messages. One table for all connections: ssh2's own server makes 45 closures for each. */
export const messageHandlers = {
  DISCONNECT: (to: Receiver, code: number, text: string) => to.auth.disconnected(code, text),
  SERVICE_REQUEST: (to: Receiver, name: string) => to.auth.serviceRequested(name),
  USERAUTH_SUCCESS: (to: Receiver) => to.auth.authSucceeded(),
  USERAUTH_FAILURE: (to: Receiver, methods: readonly string[]) => to.auth.authFailed(methods),
  GLOBAL_REQUEST: (to: Receiver, name: string, wantReply: boolean, data: unknown) =>
    to.channels.globalRequest(name, wantReply, data),
  REQUEST_SUCCESS: (to: Receiver, data: Buffer | null) => to.channels.requestAnswered(true, data ?? undefined),
  REQUEST_FAILURE: (to: Receiver) => to.channels.requestAnswered(false),
  CHANNEL_OPEN: (to: Receiver, open: Protocol.ChannelOpen) => to.channels.openRequested(open),
  CHANNEL_OPEN_CONFIRMATION: (to: Receiver, confirmation: Protocol.ChannelConfirmation) =>
    to.channels.opened(confirmation),
  CHANNEL_OPEN_FAILURE: (to: Receiver, local: number, code: number, text: string) =>
    to.channels.openFailed(local, code, text),
  CHANNEL_DATA: (to: Receiver, local: number, data: Buffer) => to.channels.data(local, data),
  CHANNEL_WINDOW_ADJUST: (to: Receiver, local: number, bytes: number) => to.channels.windowOpened(local, bytes),
  CHANNEL_EOF: (to: Receiver, local: number) => to.channels.eof(local),
  CHANNEL_CLOSE: (to: Receiver, local: number) => to.channels.close(local),
  CHANNEL_REQUEST: (to: Receiver, local: number, _type: string, wantReply: boolean) =>
    to.channels.channelRequest(local, wantReply),
};
