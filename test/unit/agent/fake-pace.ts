import { setImmediate } from 'node:timers/promises';
import type { Pace } from '../../../agent/pace.ts';

/** Time that moves when told to, and chance that is always in the middle. */
export class FakePace implements Pace {
  #now = 1_000;
  #random: () => number = () => 0.5;
  readonly #due = new Map<symbol, { readonly at: number; readonly run: () => void }>();

  readonly clock = { monotonic: () => this.#now };
  readonly timers = {
    schedule: (milliseconds: number, run: () => void) => {
      const key = Symbol('timer');
      this.#due.set(key, { at: this.#now + milliseconds, run });
      return { cancel: () => void this.#due.delete(key) };
    },
  };
  readonly random = () => this.#random();

  set chance(random: () => number) {
    this.#random = random;
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#due.size;
  }

  /** Lets everything that is ready happen, then moves on and does the same after each timer on the way. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settle();
      const next = [...this.#due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (next === undefined) break;
      const [key, { at, run }] = next;
      this.#due.delete(key);
      this.#now = at;
      run();
    }
    this.#now = end;
  }
}

/** All promises that can settle without time have. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
};
