import type { ReconnectDelays } from './connection.ts';

/**
 * Decorrelated jitter, as the AWS SDK has it: each delay is drawn from `least` to three times the one before, at most
 * `most`. Starts over after a connection that held for `stable`.
 */
export class ReconnectDelay {
  readonly #delays: ReconnectDelays;
  readonly #random: () => number;
  #last: number;
  #connectedAt: number | undefined;

  /** `random` answers 0 <= n < 1. */
  constructor(delays: ReconnectDelays, random: () => number) {
    this.#delays = delays;
    this.#random = random;
    this.#last = delays.least;
  }

  /** `now` is on a monotonic clock, as for `next`. */
  connected(now: number): void {
    this.#connectedAt = now;
  }

  /** Milliseconds to wait after a connection was lost or not made. */
  next(now: number): number {
    const { least, most, stable } = this.#delays;
    if (this.#connectedAt !== undefined && now - this.#connectedAt >= stable) this.#last = least;
    this.#connectedAt = undefined;
    this.#last = Math.min(most, least + this.#random() * (this.#last * 3 - least));
    return this.#last;
  }
}
