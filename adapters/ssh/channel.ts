import { Duplex } from 'node:stream';
import { HeldBytes } from './held-bytes.ts';
import { ReceiveWindow, type WindowLimits } from './receive-window.ts';

/** What a channel asks of its connection. */
export interface ChannelHost {
  /** Whether bytes may be sent now. If not, the channel's `flush` is called when they may. */
  maySend(channel: SshChannel): boolean;
  sendData(channel: SshChannel, data: Buffer): void;
  sendEof(channel: SshChannel): void;
  openWindow(channel: SshChannel, bytes: number): void;
  /** The channel is destroyed here; the peer is told unless it said so first. */
  release(channel: SshChannel): void;
}

export interface ChannelIds {
  readonly local: number;
  readonly remote: number;
}

/** What the peer takes: how much in all for now, and how much at once. */
export interface SendLimits {
  readonly window: number;
  readonly packet: number;
}

/** RFC 4253 6.1: every implementation takes payloads of this size. */
export const maximumPacket = 32_768;

/**
 * One TCP connection carried by an SSH channel (RFC 4254 section 5), as a half-open Duplex: ending it sends EOF and leaves
 * the way back open, where ssh2's server side closes the channel and cuts the answer off.
 *
 * `write` calls back when its bytes have gone to the socket under the peer's window *and* the connection's own buffer has
 * room: that is the brake from user to device, which ssh2 lacks.
 */
export class SshChannel extends Duplex {
  readonly ids: ChannelIds;
  readonly #host: ChannelHost;
  readonly #window: ReceiveWindow;
  readonly #packet: number;
  #sendable: number;
  readonly #held = new HeldBytes();
  #pending: Buffer | undefined;
  #taken: (() => void) | undefined;
  /** The stream asked for bytes when there were none. */
  #wanted = false;
  #eof = false;
  #peerClosed = false;

  constructor(host: ChannelHost, ids: ChannelIds, limits: { send: SendLimits; receive: WindowLimits }) {
    // A reading mark of 1: the stream asks for more only when it is empty, and what waits stays in `held`.
    super({ allowHalfOpen: true, readableHighWaterMark: 1, writableHighWaterMark: 64 * 1024 });
    // It may end before anyone has taken it up; whoever does listens for themselves.
    this.on('error', () => undefined);
    this.ids = ids;
    this.#host = host;
    this.#window = new ReceiveWindow(limits.receive);
    this.#sendable = limits.send.window;
    this.#packet = Math.min(limits.send.packet, maximumPacket);
  }

  /** Whether the peer has said CLOSE. */
  get peerClosed(): boolean {
    return this.#peerClosed;
  }

  /** Bytes from the peer. False: it sent more than it was allowed, or after its end. */
  receive(data: Buffer): boolean {
    if (!this.#window.consume(data.length) || this.#eof) return false;
    if (this.destroyed) return true;
    if (this.#held.length > 0 || (this.readableLength > 0 && !this.#wanted)) this.#held.add(data);
    else this.#give(data);
    this.#reopen();
    return true;
  }

  receiveEof(): void {
    if (this.#eof) return;
    this.#eof = true;
    if (!this.destroyed && this.#held.length === 0) this.push(null);
  }

  /** False: the window would pass 2^32 - 1 (RFC 4254 5.2). */
  receiveWindow(bytes: number): boolean {
    this.#sendable += bytes;
    if (this.#sendable > 0xffff_ffff) return false;
    this.flush();
    return true;
  }

  /** The peer closed the whole channel: nothing can be sent any more, what it had said can still be read. */
  receiveClose(): void {
    this.#peerClosed = true;
    this.receiveEof();
    if (this.destroyed) return;
    this.#accept();
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  /** Sends what waits, as far as the peer's window and the connection allow. */
  flush(): void {
    while (this.#pending !== undefined && this.#sendable > 0 && !this.destroyed) {
      if (!this.#host.maySend(this)) return;
      const length = Math.min(this.#pending.length, this.#sendable, this.#packet);
      const data = length === this.#pending.length ? this.#pending : this.#pending.subarray(0, length);
      this.#pending = length === this.#pending.length ? undefined : this.#pending.subarray(length);
      this.#sendable -= length;
      this.#host.sendData(this, data);
    }
    if (this.#pending === undefined) this.#accept();
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#taken = taken;
    if (!this.#peerClosed && chunk.length > 0) this.#pending = chunk;
    this.flush();
  }

  override _final(done: () => void): void {
    if (!this.#peerClosed) this.#host.sendEof(this);
    done();
  }

  override _read(): void {
    const block = this.#held.take();
    if (block !== undefined) this.#give(block);
    else this.#wanted = true;
    if (this.#eof && this.#held.length === 0) this.push(null);
    else this.#reopen();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#held.clear();
    this.#pending = undefined;
    this.#window.close();
    this.#host.release(this);
    done(error);
  }

  #give(data: Buffer): void {
    this.#wanted = false;
    this.push(data);
  }

  #reopen(): void {
    if (this.#eof || this.destroyed) return;
    const bytes = this.#window.credit(this.readableLength + this.#held.length);
    if (bytes > 0) this.#host.openWindow(this, bytes);
  }

  #accept(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    this.#pending = undefined;
    taken?.();
  }
}
