/** Undoes what `Clock.after` arranged; harmless afterwards. */
export type Cancel = () => void;

/** Time as the broker sees it, so that tests of expiry and of time-outs do not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs an action once, after that many milliseconds. */
  after(milliseconds: number, run: () => void): Cancel;
}

export const systemClock: Clock = {
  now: Date.now,
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};
