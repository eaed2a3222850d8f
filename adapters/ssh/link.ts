import type { Duplex } from 'node:stream';
import { IdentificationReader } from './identification.ts';
import { Liveness } from './liveness.ts';
import { printable } from './printable.ts';
import { ReKeying, type ReKeyingLimits } from './re-keying.ts';
import { disconnectCodes, type EndReason, type SessionEnd } from './session-end.ts';
import type { Timers } from './timers.ts';
import { Transport, type TransportOptions, type TransportOwner } from './transport.ts';

/** Every limit of one connection. Milliseconds and bytes. */
export interface LinkLimits extends ReKeyingLimits {
  /** Channels may send while fewer bytes than this wait in the socket. */
  readonly maximumBuffered: number;
  /** Ends a connection whose socket takes nothing for so long. */
  readonly stallMilliseconds: number;
}

export const defaultLinkLimits: LinkLimits = {
  maximumBuffered: 256 * 1024,
  stallMilliseconds: 60_000,
  rekeyBytes: 2 ** 30,
  rekeyMilliseconds: 3_600_000,
  exchangeMilliseconds: 30_000,
};

/** What a link tells the session on it. */
export interface LinkUser {
  identified(software: string): void;
  keysExchanged(first: boolean): void;
  admit(payload: Buffer): boolean;
  /** Bytes may be sent again. */
  writable(): void;
  /** Asks the peer for any answer. */
  ping(): void;
  /** It ends now: everything on it must be let go. Called once, before the socket is closed. */
  linkEnding(reason: EndReason): void;
  /** It has ended. Called once, last. */
  linkClosed(end: SessionEnd): void;
}

/** Control messages that a peer may make us owe it before we read no further. */
const controlAllowance = 1024 * 1024;
/** Small packets that may wait for a key exchange which the peer delays. */
const maximumQueued = 10_000;
/** How long a peer may take to hang up after it was told that we end. */
const goodbyeMilliseconds = 2000;

/**
 * One socket with SSH on it: bytes in and out, liveness, re-keying, and the one way to end. It watches what ssh2 does not:
 * how much waits in the socket, whether the peer is alive, and when keys grow old.
 */
export class Link implements TransportOwner {
  readonly transport: Transport;
  bytesIn = 0;
  bytesOut = 0;
  readonly #socket: Duplex;
  readonly #user: LinkUser;
  readonly #timers: Timers;
  readonly #limits: LinkLimits;
  readonly #openedAt = performance.now();
  readonly #liveness: Liveness;
  readonly #keys: ReKeying;
  #identification: IdentificationReader | undefined;
  #held = false;
  #ending: { readonly reason: EndReason; readonly message: string } | undefined;

  constructor(
    socket: Duplex,
    user: LinkUser,
    options: { readonly timers: Timers; readonly limits: LinkLimits; readonly transport: TransportOptions },
  ) {
    this.#socket = socket;
    this.#user = user;
    this.#timers = options.timers;
    this.#limits = options.limits;
    this.#keys = new ReKeying(options.limits);
    this.#liveness = new Liveness(
      {
        sent: () => this.bytesOut - socket.writableLength,
        waiting: () => socket.writableLength,
        looked: () => this.#looked(),
        ping: () => user.ping(),
        abort: (reason) => this.abort(reason),
      },
      {
        timers: options.timers,
        stallMilliseconds: options.limits.stallMilliseconds,
      },
    );
    this.#identification = new IdentificationReader({ linesBefore: options.transport.role === 'client' });
    this.transport = new Transport(this, options.transport);
    socket
      .on('error', (error: NodeJS.ErrnoException) => this.abort('connection_lost', error.code ?? error.message))
      .on('end', () => this.#peerEnded())
      .once('close', () => this.#closed())
      .on('drain', () => this.#drained());
  }

  /** Says who we are and begins to read. */
  start(): void {
    this.transport.start?.();
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk)).resume();
  }

  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** On `performance.now()`'s clock. */
  get heardAt(): number {
    return this.#liveness.heardAt;
  }

  /** Whether channels may send. Also the moment to begin a re-keying that is due, never from inside a packet. */
  maySend(): boolean {
    this.#rekeyIfDue();
    return !this.ended && !this.transport.exchanging && this.#socket.writableLength < this.#limits.maximumBuffered;
  }

  /** As `setKeepalive`, unless that was called already. */
  startKeepalive(seconds: number): void {
    if (!this.#liveness.started) this.setKeepalive(seconds);
  }

  /** Pings a silent peer every so many seconds from now on, and ends the link when three go unanswered. */
  setKeepalive(seconds: number): void {
    this.#liveness.every(seconds);
  }

  /** Ends it at once. Only the first reason counts. */
  abort(reason: EndReason, message = ''): void {
    if (this.#begin(reason, message)) this.#socket.destroy();
  }

  /** Tells the peer why, then ends it. */
  end(reason: EndReason, code: number, message: string): void {
    const text = printable(message);
    if (this.ended) return;
    if (this.transport.usable) this.transport.disconnectWith(code, text);
    this.#begin(reason, text);
    this.#goodbye();
  }

  // TransportOwner. All of these run inside `parse`.

  write(bytes: Buffer): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.bytesOut += bytes.length;
    this.#socket.write(bytes);
    if (!this.#held && this.#socket.writableLength > this.#limits.maximumBuffered + controlAllowance) {
      this.#held = true;
      this.#socket.pause();
    }
  }

  identified(software: string): void {
    this.#user.identified(printable(software, 100));
  }

  keysExchanged(): void {
    if (!this.#keys.exchanged(this.bytesIn + this.bytesOut)) {
      this.violation('too many key exchanges');
      return;
    }
    const { exchanges } = this.transport;
    this.#user.keysExchanged(exchanges === 1);
    if (!this.ended) this.#user.writable();
  }

  failed(error: Error): void {
    // ssh2 has sent its DISCONNECT already.
    if (this.#begin('protocol', printable(error.message))) this.#goodbye();
  }

  admit(payload: Buffer): boolean {
    return !this.ended && this.#user.admit(payload);
  }

  violation(message: string): void {
    this.end('protocol', disconnectCodes.protocolError, message);
  }

  #read(chunk: Buffer): void {
    if (this.ended) return;
    this.bytesIn += chunk.length;
    this.#liveness.heard();
    const bytes = this.#identification === undefined ? chunk : this.#identify(chunk);
    if (bytes === undefined) return;
    try {
      this.transport.parse(bytes, 0, bytes.length);
    } catch (error) {
      this.failed(error instanceof Error ? error : new Error('unreadable'));
    }
    if (this.transport.queued > maximumQueued) this.abort('protocol', 'a key exchange that does not end');
    this.#rekeyIfDue();
  }

  #identify(chunk: Buffer): Buffer | undefined {
    const identification = this.#identification?.add(chunk);
    if (identification?.status === 'invalid') this.abort('protocol', 'no SSH identification');
    if (identification?.status !== 'whole') return undefined;
    this.#identification = undefined;
    return identification.bytes;
  }

  #rekeyIfDue(): void {
    if (this.ended || this.transport.exchanges === 0) return;
    if (this.#keys.isDue(this.bytesIn + this.bytesOut, this.transport.exchanging)) this.transport.rekey();
  }

  #looked(): void {
    this.#rekeyIfDue();
    if (this.#keys.overdue) this.abort('protocol', 'a key exchange that does not end');
  }

  #drained(): void {
    if (this.ended) return;
    if (this.#held) {
      this.#held = false;
      this.#socket.resume();
    }
    this.#user.writable();
  }

  #peerEnded(): void {
    this.abort('peer_closed');
    this.#socket.destroy();
  }

  /**
   * Destroying a socket with unread bytes sends a reset, which throws away what we said last. So we read on until the
   * peer hangs up, but not for long.
   */
  #goodbye(): void {
    this.#timers.schedule(goodbyeMilliseconds, () => this.#socket.destroy());
    this.#socket.end();
    this.#socket.resume();
  }

  #begin(reason: EndReason, message: string): boolean {
    if (this.#ending !== undefined) return false;
    this.#ending = { reason, message };
    this.#liveness.stop();
    this.#user.linkEnding(reason);
    return true;
  }

  #closed(): void {
    this.#begin('connection_lost', 'closed');
    this.transport.cleanup();
    const { reason, message } = this.#ending ?? { reason: 'connection_lost', message: '' };
    const seconds = (performance.now() - this.#openedAt) / 1000;
    this.#user.linkClosed({ reason, message, bytesIn: this.bytesIn, bytesOut: this.bytesOut, seconds });
  }
}
