import type Protocol from 'ssh2/lib/protocol/Protocol.js';
import { type ChannelHost, maximumPacket, SshChannel } from './channel.ts';
import { GlobalRequests, type RequestUser } from './global-requests.ts';
import type { Link } from './link.ts';
import type { ChannelMessages } from './messages.ts';
import { Opening } from './opening.ts';
import { printable } from './printable.ts';
import type { WindowLimits } from './receive-window.ts';
import { ChannelOpenError, ConnectionEndedError, type EndReason, openFailureCodes } from './session-end.ts';
import type { Timers } from './timers.ts';

export interface MuxLimits {
  /** Channels of one connection, both ways, also those being opened or closed. */
  readonly maximumChannels: number;
  readonly window: WindowLimits;
}

/** A channel that the peer wants. It holds a place until it is accepted or refused; the first answer counts. */
export interface IncomingChannel {
  readonly type: string;
  readonly data: Protocol.ChannelOpen['data'];
  readonly settled: boolean;
  /** Confirms it. When the connection has ended, or it was refused, the stream comes back destroyed. */
  accept(): SshChannel;
  /** `text` may be anything: it leaves as one printable line. */
  refuse(code: number, text: string): void;
}

/** What the role on top decides. */
export interface MuxUser extends RequestUser {
  openRequested(incoming: IncomingChannel): void;
}

/** A channel that we closed and whose peer has not: its number may not be used again yet (RFC 4254 5.3). */
const closing = Symbol('closing');
type Slot = SshChannel | Opening | typeof closing;

/** The least that a peer must be able to take in one packet: with 0 or 1 it would be ours to send byte by byte. */
const minimumPacket = 1024;

/** Channels and global requests of one connection (RFC 4254), for either role. */
export class Mux implements ChannelMessages, ChannelHost {
  readonly requests: GlobalRequests;
  readonly #link: () => Link;
  readonly #user: MuxUser;
  readonly #timers: Timers;
  readonly #limits: MuxLimits;
  readonly #slots = new Map<number, Slot>();
  readonly #waiting = new Set<SshChannel>();
  #next = 0;
  #reserved = 0;

  constructor(
    user: MuxUser,
    options: { readonly link: () => Link; readonly timers: Timers; readonly limits: MuxLimits },
  ) {
    this.#user = user;
    this.#link = options.link;
    this.#timers = options.timers;
    this.#limits = options.limits;
    this.requests = new GlobalRequests(user, options.link);
  }

  get channels(): number {
    return this.#slots.size + this.#reserved;
  }

  // What the role on top asks.

  /** Opens a channel by sending `send(local number, window, packet)`. Rejects with ChannelOpenError or ConnectionEndedError. */
  open(
    send: (local: number, window: number, packet: number) => void,
    timeoutMilliseconds: number,
  ): Promise<SshChannel> {
    return new Promise((resolve, reject) => {
      if (this.#link().ended) return reject(new ChannelOpenError('closed', 'the session has ended'));
      if (this.channels >= this.#limits.maximumChannels) {
        return reject(new ChannelOpenError('full', 'too many channels on this session'));
      }
      const local = this.#number();
      this.#slots.set(local, new Opening({ resolve, reject }, { timers: this.#timers, timeoutMilliseconds }));
      send(local, this.#limits.window.initial, maximumPacket);
    });
  }

  writable(): void {
    for (const channel of this.#waiting) {
      if (!this.#link().maySend()) return;
      this.#waiting.delete(channel);
      channel.flush();
    }
  }

  end(reason: EndReason): void {
    const error = new ConnectionEndedError(reason);
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    this.#waiting.clear();
    this.requests.end(error);
    for (const slot of slots) {
      if (slot instanceof SshChannel) slot.destroy(error);
      else if (slot instanceof Opening) slot.settle(error);
    }
  }

  // ChannelHost

  maySend(channel: SshChannel): boolean {
    if (this.#link().maySend()) return true;
    this.#waiting.add(channel);
    return false;
  }

  sendData(channel: SshChannel, data: Buffer): void {
    this.#link().transport.channelData(channel.ids.remote, data);
  }

  sendEof(channel: SshChannel): void {
    if (!this.#link().ended) this.#link().transport.channelEOF(channel.ids.remote);
  }

  openWindow(channel: SshChannel, bytes: number): void {
    if (!this.#link().ended) this.#link().transport.channelWindowAdjust(channel.ids.remote, bytes);
  }

  release(channel: SshChannel): void {
    this.#waiting.delete(channel);
    if (this.#slots.get(channel.ids.local) !== channel) return;
    if (channel.peerClosed) this.#slots.delete(channel.ids.local);
    else this.#slots.set(channel.ids.local, closing);
    if (!this.#link().ended) this.#link().transport.channelClose(channel.ids.remote);
  }

  // ChannelMessages. A number that nobody has is ignored: it may belong to a channel that both sides just closed.

  openRequested(open: Protocol.ChannelOpen): void {
    const refuse = (code: number, text: string) => {
      if (!this.#link().ended) this.#link().transport.channelOpenFail(open.sender, code, printable(text));
    };
    if (open.packetSize === undefined) {
      this.#link().violation('a cut-off channel request');
    } else if (open.packetSize < minimumPacket) {
      refuse(openFailureCodes.resourceShortage, `a maximum packet size under ${minimumPacket}`);
    } else if (this.channels >= this.#limits.maximumChannels) {
      refuse(openFailureCodes.resourceShortage, 'too many channels on this connection');
    } else {
      this.#reserved += 1;
      this.#user.openRequested(this.#incoming(open, refuse));
    }
  }

  #incoming(open: Protocol.ChannelOpen, refuse: (code: number, text: string) => void): IncomingChannel {
    let settled = false;
    const settle = () => {
      if (settled) return false;
      settled = true;
      this.#reserved -= 1;
      return true;
    };
    return {
      type: open.type,
      data: open.data,
      get settled() {
        return settled;
      },
      accept: () => {
        const local = this.#number();
        const channel = this.#channel(local, open);
        if (!settle() || this.#link().ended) return channel.destroy();
        this.#slots.set(local, channel);
        this.#link().transport.channelOpenConfirm(open.sender, local, this.#limits.window.initial, maximumPacket);
        return channel;
      },
      refuse: (code, text) => {
        if (settle()) refuse(code, text);
      },
    };
  }

  opened(confirmation: Protocol.ChannelConfirmation): void {
    const slot = this.#slots.get(confirmation.recipient);
    if (!(slot instanceof Opening)) return;
    const channel = this.#channel(confirmation.recipient, confirmation);
    this.#slots.set(confirmation.recipient, channel);
    if (slot.abandoned || confirmation.packetSize < minimumPacket) channel.destroy();
    slot.settle(channel.destroyed ? new ChannelOpenError('closed', 'the peer takes no packets') : channel);
  }

  openFailed(local: number, code: number, text: string): void {
    const slot = this.#slots.get(local);
    if (!(slot instanceof Opening)) return;
    this.#slots.delete(local);
    slot.settle(new ChannelOpenError(code, printable(text)));
  }

  data(local: number, data: Buffer): void {
    const channel = this.#slots.get(local);
    if (channel instanceof SshChannel && !channel.receive(data)) {
      this.#link().violation('more channel data than the window allows');
    }
  }

  windowOpened(local: number, bytes: number): void {
    const channel = this.#slots.get(local);
    if (channel instanceof SshChannel && !channel.receiveWindow(bytes)) {
      this.#link().violation('a channel window past 2^32 - 1');
    }
  }

  eof(local: number): void {
    const channel = this.#slots.get(local);
    if (channel instanceof SshChannel) channel.receiveEof();
  }

  close(local: number): void {
    const slot = this.#slots.get(local);
    if (slot instanceof SshChannel) slot.receiveClose();
    else if (slot === closing) this.#slots.delete(local);
    else this.openFailed(local, openFailureCodes.connectFailed, 'closed instead of opened');
  }

  channelRequest(local: number, wantReply: boolean): void {
    const channel = this.#slots.get(local);
    if (wantReply && channel instanceof SshChannel) this.#link().transport.channelFailure(channel.ids.remote);
  }

  globalRequest(name: string, wantReply: boolean, data: unknown): void {
    this.requests.requested(name, wantReply, data);
  }

  requestAnswered(ok: boolean, data?: Buffer): void {
    this.requests.answered(ok, data);
  }

  #channel(
    local: number,
    peer: { readonly sender: number; readonly window: number; readonly packetSize: number | undefined },
  ): SshChannel {
    const send = { window: peer.window, packet: peer.packetSize ?? minimumPacket };
    return new SshChannel(this, { local, remote: peer.sender }, { send, receive: this.#limits.window });
  }

  #number(): number {
    do this.#next = (this.#next + 1) % 2 ** 31;
    while (this.#slots.has(this.#next));
    return this.#next;
  }
}
