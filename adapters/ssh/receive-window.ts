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
}

/**
 * How much a channel's peer may send (RFC 4254 5.2). It starts small, doubles while the reader keeps up and the peer
 * runs dry (a long path), and halves while the reader does not. ssh2 has 2 MB for all: 20 MB/s at 50 ms round trip, and
 * 2 MB of memory for each stalled reader.
 */
export class ReceiveWindow {
  readonly #limits: WindowLimits;
  #target: number;
  /** What the peer may still send. */
  #open: number;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
    this.#target = limits.initial;
    this.#open = limits.initial;
  }

  get target(): number {
    return this.#target;
  }

  /** Whether the peer was allowed to send so many bytes. */
  consume(bytes: number): boolean {
    if (bytes > this.#open) return false;
    this.#open -= bytes;
    return true;
  }

  /** How much to open now, where `waiting` bytes have not been read yet. 0: not worth a message. */
  credit(waiting: number): number {
    if (waiting > this.#target / 2) this.#shrink();
    else if (this.#open <= this.#target / 4 && waiting <= this.#target / 8) this.#grow();
    const free = this.#target - waiting - this.#open;
    if (free < Math.max(32 * 1024, this.#target / 8)) return 0;
    this.#open += free;
    return free;
  }

  /** Gives back what it had from the budget. */
  close(): void {
    this.#limits.budget.give(this.#target - this.#limits.initial);
    this.#target = this.#limits.initial;
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
