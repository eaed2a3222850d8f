import type { EndReason } from './session-end.ts';
import type { Timer, Timers } from './timers.ts';

/** Unanswered keepalives before a peer counts as gone. */
const keepaliveCount = 3;

/** What is watched, and what is done about it. */
export interface Watched {
  /** Bytes that the socket has passed on. */
  sent(): number;
  /** Bytes that wait in it. */
  waiting(): number;
  /** Called at every look, before anything is judged. */
  looked(): void;
  /** Asks the peer for any answer. */
  ping(): void;
  abort(reason: EndReason): void;
}

/** Whether the peer is alive: pings a silent one, and gives up one that does not answer or takes nothing. */
export class Liveness {
  readonly #watched: Watched;
  readonly #timers: Timers;
  readonly #stallMilliseconds: number;
  #timer: Timer | undefined;
  #every = 0;
  #unanswered = 0;
  #heardAt = performance.now();
  #sentMark = 0;
  #sentAt = performance.now();
  #stopped = false;

  constructor(watched: Watched, options: { readonly timers: Timers; readonly stallMilliseconds: number }) {
    this.#watched = watched;
    this.#timers = options.timers;
    this.#stallMilliseconds = options.stallMilliseconds;
  }

  /** On `performance.now()`'s clock. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get started(): boolean {
    return this.#every !== 0;
  }

  /** Looks every so many seconds from now on, until it is stopped. */
  every(seconds: number): void {
    this.#every = seconds * 1000;
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#timers.schedule(this.#every, () => this.#look());
  }

  heard(): void {
    this.#heardAt = performance.now();
    this.#unanswered = 0;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #look(): void {
    const now = performance.now();
    this.#watched.looked();
    const silent = now - this.#heardAt;
    if (this.#stalledFor(now) >= this.#stallMilliseconds) this.#watched.abort('stalled');
    else if (silent >= this.#every && this.#unanswered >= keepaliveCount) this.#watched.abort('keepalive');
    if (this.#stopped) return;
    if (silent >= this.#every) {
      this.#unanswered += 1;
      this.#watched.ping();
    }
    const next = silent >= this.#every ? this.#every : this.#every - silent;
    this.#timer = this.#timers.schedule(next, () => this.#look());
  }

  /** For how long the socket has passed on nothing of what waits in it. */
  #stalledFor(now: number): number {
    const sent = this.#watched.sent();
    if (this.#watched.waiting() === 0 || sent !== this.#sentMark) {
      this.#sentMark = sent;
      this.#sentAt = now;
    }
    return now - this.#sentAt;
  }
}
