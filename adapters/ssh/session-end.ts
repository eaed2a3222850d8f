/**
 * Why a connection ended.
 * `peer_closed`: its TCP end. `peer_disconnected`: it said so (message). `connection_lost`: the socket failed.
 * `ended`: we said so (message). `login_grace`, `auth_failures`, `authorize_failed`: before anyone logged in.
 * `turned_away`: a server told the client, before it said who it is, to dial again; `busy`: the client's view of it.
 * `keepalive`: no answer. `stalled`: it takes no bytes. `protocol`: it broke the protocol (message).
 * `host_key_refused`, `key_refused`, `timeout`: a client's connecting failed.
 */
export type EndReason =
  | 'peer_closed'
  | 'peer_disconnected'
  | 'connection_lost'
  | 'ended'
  | 'login_grace'
  | 'auth_failures'
  | 'authorize_failed'
  | 'turned_away'
  | 'busy'
  | 'keepalive'
  | 'stalled'
  | 'protocol'
  | 'host_key_refused'
  | 'key_refused'
  | 'timeout';

export interface SessionEnd {
  readonly reason: EndReason;
  /** One printable ASCII line; empty where there is nothing to add. */
  readonly message: string;
  /** Of the SSH connection as a whole, with its own overhead. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
}

/** RFC 4253 section 11.1. */
export const disconnectCodes = {
  protocolError: 2,
  serviceNotAvailable: 7,
  byApplication: 11,
  tooManyConnections: 12,
  noMoreAuthMethods: 14,
} as const;

/** RFC 4254 section 5.1. */
export const openFailureCodes = {
  administrativelyProhibited: 1,
  connectFailed: 2,
  unknownChannelType: 3,
  resourceShortage: 4,
} as const;

/** A channel that was not opened. `code` is the peer's (RFC 4254 5.1), or why no answer came. */
export class ChannelOpenError extends Error {
  override readonly name = 'ChannelOpenError';
  readonly code: number | 'timeout' | 'closed' | 'full';

  /** `message` must be printable already. */
  constructor(code: ChannelOpenError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** What the streams of a connection get when it ends under them. */
export class ConnectionEndedError extends Error {
  override readonly name = 'ConnectionEndedError';
  readonly reason: EndReason;

  constructor(reason: EndReason) {
    super(`the SSH connection ended: ${reason}`);
    this.reason = reason;
  }
}
