/** Something that runs later, once, unless it is cancelled. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Runs `run` once, not before `milliseconds` from now. */
  schedule(milliseconds: number, run: () => void): Timer;
}

class Entry implements Timer {
  #slot: Set<Entry> | undefined;
  readonly run: () => void;

  constructor(slot: Set<Entry>, run: () => void) {
    this.#slot = slot;
    this.run = run;
    slot.add(this);
  }

  cancel(): void {
    this.#slot?.delete(this);
    this.#slot = undefined;
  }
}

/**
 * One timer for many: everything due in the same tick runs together. 60,000 idle sessions then wake the process once a
 * second instead of 2,000 times. It never runs an entry early, and late by less than two ticks; it keeps no process alive.
 */
export class TimerWheel implements Timers {
  readonly #tick: number;
  readonly #slots = new Map<number, Set<Entry>>();
  #interval: NodeJS.Timeout | undefined;
  #done = 0;

  constructor(options: { readonly tickMilliseconds?: number } = {}) {
    this.#tick = options.tickMilliseconds ?? 1000;
  }

  schedule(milliseconds: number, run: () => void): Timer {
    if (this.#interval === undefined) {
      this.#done = this.#now();
      this.#interval = setInterval(() => this.#turn(), this.#tick);
      this.#interval.unref();
    }
    const due = Math.max(Math.ceil((performance.now() + milliseconds) / this.#tick), this.#done + 1);
    let slot = this.#slots.get(due);
    if (slot === undefined) {
      slot = new Set();
      this.#slots.set(due, slot);
    }
    return new Entry(slot, run);
  }

  #now(): number {
    return Math.floor(performance.now() / this.#tick);
  }

  #turn(): void {
    const now = this.#now();
    while (this.#done < now) {
      this.#done += 1;
      const slot = this.#slots.get(this.#done);
      if (slot === undefined) continue;
      this.#slots.delete(this.#done);
      for (const entry of slot) {
        entry.cancel();
        entry.run();
      }
    }
    if (this.#slots.size === 0) {
      clearInterval(this.#interval);
      this.#interval = undefined;
    }
  }
}

/** A timer each, for processes that have few: an agent, a test. */
export const systemTimers: Timers = {
  schedule(milliseconds, run) {
    const timeout = setTimeout(run, milliseconds);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};
