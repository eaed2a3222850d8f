export type Timers = {
  /** Runs `run` once, not before `milliseconds` from now. Cancelling twice, or after it ran, does nothing. */
  schedule(milliseconds: number, run: () => void): { cancel(): void };
};
