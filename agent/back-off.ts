/** A refused dial is first tried again soon: the relay that was hit may be the only one that is gone. */
const quick = { tries: 5, least: 100, most: 300 } as const;
const slow = { first: 1_000, most: 60_000 } as const;
const stableMilliseconds = 60_000;

/**
 * How long to wait before the next try: 5 times 100-300 ms, then up to 1 s, doubling to 60 s, with full jitter, so that
 * a fleet that lost one relay does not come back in step. Starts over only after a minute that held: a relay that takes
 * every connection and drops it at once must not be dialled in a loop.
 */
export class BackOff {
  #tries = 0;
  #heldSince: number | undefined;
  readonly #random: () => number;

  /** `random` answers 0 <= n < 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds. `now` is on a monotonic clock, as for `held`. */
  next(now: number): number {
    if (this.#heldSince !== undefined && now - this.#heldSince >= stableMilliseconds) this.#tries = 0;
    this.#heldSince = undefined;
    this.#tries += 1;
    if (this.#tries <= quick.tries) return quick.least + this.#random() * (quick.most - quick.least);
    return this.#random() * Math.min(slow.most, slow.first * 2 ** (this.#tries - quick.tries - 1));
  }

  /** A connection stands since `now`. */
  held(now: number): void {
    this.#heldSince = now;
  }
}
