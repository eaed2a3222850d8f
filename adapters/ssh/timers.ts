/** Where time limits come from. `TimerWheel` and `systemTimers` of net/timer-wheel.ts are such. */
export interface Timers {
  /** Runs `run` once, not before `milliseconds` from now, unless cancelled. */
  schedule(milliseconds: number, run: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
