import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Coarse, for the sampling itself wakes the process: delays that matter here are tens of milliseconds. */
const resolutionMilliseconds = 50;

export interface Vitals {
  /** Resident set of the process. */
  readonly memoryBytes: number;
  /** How late the event loop was since the last reading, 99th percentile, milliseconds. */
  readonly loopDelayMilliseconds: number;
}

/** How this process itself does. `read` begins a new period. */
export const watchVitals = () => {
  const delay = monitorEventLoopDelay({ resolution: resolutionMilliseconds });
  delay.enable();
  return {
    read(): Vitals {
      const late = delay.percentile(99) / 1e6 - resolutionMilliseconds;
      delay.reset();
      return {
        memoryBytes: process.memoryUsage.rss(),
        loopDelayMilliseconds: Number.isFinite(late) ? Math.max(0, Math.round(late)) : 0,
      };
    },
    stop: (): void => void delay.disable(),
  };
};
