import { systemTimers, type Timers } from './timer-wheel.ts';

export interface Live {
  /** Ends it at once. Must lead to the `leave` that `add` gave. */
  destroy(): void;
}

export interface DrainOptions {
  /** How long the living may take to end by themselves, in milliseconds. */
  readonly deadlineMilliseconds: number;
  /** Asked first: nothing new may enter after it. */
  readonly stopAccepting: () => void | Promise<void>;
  readonly timers?: Timers;
}

export interface Drained {
  /** How many ended by themselves, and how many the deadline destroyed. */
  readonly ended: number;
  readonly destroyed: number;
}

/** What is alive now, so that a process can end without cutting it short. */
export class LiveSet<T extends Live> {
  readonly #live = new Set<T>();
  #whenEmpty: (() => void) | undefined;

  get size(): number {
    return this.#live.size;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#live.values();
  }

  /** Adds it; the answer takes it out again, and may be called more than once. */
  add(item: T): () => void {
    this.#live.add(item);
    return () => {
      if (this.#live.delete(item) && this.#live.size === 0) this.#whenEmpty?.();
    };
  }

  /** Stops accepting, waits for the living until the deadline, then destroys the rest. Resolves when that is done. */
  async drain(options: DrainOptions): Promise<Drained> {
    const stopping = options.stopAccepting();
    const before = this.#live.size;
    await new Promise<void>((resolve) => {
      const timer = (options.timers ?? systemTimers).schedule(options.deadlineMilliseconds, resolve);
      this.#whenEmpty = () => {
        timer.cancel();
        resolve();
      };
      if (before === 0) this.#whenEmpty();
    });
    this.#whenEmpty = undefined;
    await stopping;
    const late = [...this.#live];
    for (const item of late) item.destroy();
    return { ended: before - late.length, destroyed: late.length };
  }
}
