import type { Duplex } from 'node:stream';
import { IdentificationReader } from './identification.ts';
import { printable } from './printable.ts';
import { disconnectCodes, type EndReason, type SessionEnd } from './session-end.ts';
import type { Timer, Timers } from './timers.ts';
import { Transport, type TransportOptions, type TransportOwner } from './transport.ts';

/** Every limit of one connection. Milliseconds and bytes. */
export interface LinkLimits {
  /** Channels may send while fewer bytes than this wait in the socket. */
  readonly maximumBuffered: number;
  /** Ends a connection whose socket takes nothing for so long. */
  readonly stallMilliseconds: number;
  /** RFC 4253 section 9: new keys after each gigabyte or hour. */
  readonly rekeyBytes: number;
  readonly rekeyMilliseconds: number;
  /** A key exchange must end within this. */
  readonly exchangeMilliseconds: number;
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
/** Unanswered keepalives before a peer counts as gone. */
const keepaliveCount = 3;
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
  #identification: IdentificationReader | undefined;
  #timer: Timer | undefined;
  #keepalive = 0;
  #unanswered = 0;
  #heardAt = performance.now();
  #sentMark = 0;
  #sentAt = performance.now();
  #exchangedAt = performance.now();
  #exchangedBytes = 0;
  #exchangeBegan: number | undefined;
  #ourExchange = false;
  #peerExchanges = 0;
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
    return this.#heardAt;
  }

  /** Whether channels may send. Also the moment to begin a re-keying that is due, never from inside a packet. */
  maySend(): boolean {
    this.#rekeyIfDue();
    return !this.ended && !this.transport.exchanging && this.#socket.writableLength < this.#limits.maximumBuffered;
  }

  /** As `setKeepalive`, unless that was called already. */
  startKeepalive(seconds: number): void {
    if (this.#keepalive === 0) this.setKeepalive(seconds);
  }

  /** Pings a silent peer every so many seconds from now on, and ends the link when three go unanswered. */
  setKeepalive(seconds: number): void {
    this.#keepalive = seconds * 1000;
    this.#timer?.cancel();
    if (!this.ended) this.#timer = this.#timers.schedule(this.#keepalive, () => this.#tick());
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
    this.#exchangeBegan = undefined;
    this.#exchangedAt = performance.now();
    this.#exchangedBytes = this.bytesIn + this.bytesOut;
    if (this.#ourExchange) this.#ourExchange = false;
    else this.#peerExchanges += 1;
    // Each exchange costs a signature and a Diffie-Hellman: a peer may not ask for them without end.
    const due = (this.#exchangedAt - this.#openedAt) / 10_000 + this.#exchangedBytes / 2 ** 20;
    if (this.#peerExchanges > 20 + due) {
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
    this.#heardAt = performance.now();
    this.#unanswered = 0;
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
    const now = performance.now();
    if (this.transport.exchanging) {
      this.#exchangeBegan ??= now;
    } else if (
      this.bytesIn + this.bytesOut - this.#exchangedBytes >= this.#limits.rekeyBytes ||
      now - this.#exchangedAt >= this.#limits.rekeyMilliseconds
    ) {
      this.#exchangeBegan = now;
      this.#ourExchange = true;
      this.transport.rekey();
    }
  }

  #drained(): void {
    if (this.ended) return;
    if (this.#held) {
      this.#held = false;
      this.#socket.resume();
    }
    this.#user.writable();
  }

  #tick(): void {
    const now = performance.now();
    this.#rekeyIfDue();
    const silent = now - this.#heardAt;
    if (now - (this.#exchangeBegan ?? now) > this.#limits.exchangeMilliseconds) {
      this.abort('protocol', 'a key exchange that does not end');
    } else if (this.#stalledFor(now) >= this.#limits.stallMilliseconds) {
      this.abort('stalled');
    } else if (silent >= this.#keepalive && this.#unanswered >= keepaliveCount) {
      this.abort('keepalive');
    }
    if (this.ended) return;
    if (silent >= this.#keepalive) {
      this.#unanswered += 1;
      this.#user.ping();
    }
    const next = silent >= this.#keepalive ? this.#keepalive : this.#keepalive - silent;
    this.#timer = this.#timers.schedule(next, () => this.#tick());
  }

  /** For how long the socket has taken nothing of what waits in it. */
  #stalledFor(now: number): number {
    const sent = this.bytesOut - this.#socket.writableLength;
    if (this.#socket.writableLength === 0 || sent !== this.#sentMark) {
      this.#sentMark = sent;
      this.#sentAt = now;
    }
    return now - this.#sentAt;
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
    this.#timer?.cancel();
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
