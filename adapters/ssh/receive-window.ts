/** Bytes that all connections of a process may let their peers send ahead, beyond each channel's first window. */
export class WindowBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

export interface WindowLimits {
  /** What every channel gets, in bytes. A stalled reader costs no more than this. At least 64 KB. */
  readonly initial: number;
  readonly maximum: number;
  readonly budget: WindowBudget;
  /** Milliseconds on any clock that only goes forward. Default: `performance.now`. */
  readonly now?: () => number;
}

/** A flow that fills four windows in this time, in milliseconds, is bulk: each window costs a message and a wake-up. */
const bulkMilliseconds = 200;
/** As far as bulk alone makes a window grow; beyond it only a long path does. */
const bulkMaximum = 1024 * 1024;

/**
 * How much a channel's peer may send (RFC 4254 5.2). It starts small, doubles while the reader keeps up and the peer
 * runs dry (a long path) or sends much (bulk), and halves while the reader does not keep up. ssh2 has 2 MB for all: 20 MB/s at 50 ms round trip, and
 * 2 MB of memory for each stalled reader.
 */
export class ReceiveWindow {
  readonly #limits: WindowLimits;
  #target: number;
  /** What the peer may still send. */
  #open: number;
  /** The reader fell behind since the window last ran dry: it must keep up once before the window grows again. */
  #slow = false;
  #consumed = 0;
  #since: number;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
    this.#target = limits.initial;
    this.#open = limits.initial;
    this.#since = this.#now();
  }

  get target(): number {
    return this.#target;
  }

  /** Whether the peer was allowed to send so many bytes. */
  consume(bytes: number): boolean {
    if (bytes > this.#open) return false;
    this.#open -= bytes;
    this.#consumed += bytes;
    return true;
  }

  /** How much to open now, where `waiting` bytes have not been read yet. 0: not worth a message. */
  credit(waiting: number): number {
    if (waiting > this.#target / 2) {
      this.#shrink();
      this.#slow = true;
    } else if (waiting <= this.#target / 8 && (this.#open <= this.#target / 4 || this.#isBulk())) {
      if (!this.#slow) this.#grow();
      this.#slow = false;
    }
    const free = this.#target - waiting - this.#open;
    if (free < Math.max(32 * 1024, Math.min(this.#target / 4, 512 * 1024))) return 0;
    this.#open += free;
    return free;
  }

  /** Gives back what it had from the budget. */
  close(): void {
    this.#limits.budget.give(this.#target - this.#limits.initial);
    this.#target = this.#limits.initial;
  }

  #isBulk(): boolean {
    if (this.#target >= bulkMaximum || this.#consumed < this.#target * 4) return false;
    const now = this.#now();
    const fast = now - this.#since < bulkMilliseconds;
    this.#consumed = 0;
    this.#since = now;
    return fast;
  }

  #now(): number {
    return this.#limits.now === undefined ? performance.now() : this.#limits.now();
  }

  #grow(): void {
    const more = Math.min(this.#target, this.#limits.maximum - this.#target);
    if (more > 0 && this.#limits.budget.take(more)) this.#target += more;
  }

  #shrink(): void {
    const smaller = Math.max(this.#limits.initial, this.#target / 2);
    this.#limits.budget.give(this.#target - smaller);
    this.#target = smaller;
  }
}
