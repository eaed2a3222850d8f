import type { Clock } from '../core/ports/clock.ts';
import type { Timers } from '../core/ports/timers.ts';

/** Time and chance, given so that a test can be both. */
export type Pace = {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly timers: Timers;
  /** 0 <= n < 1. */
  readonly random: () => number;
};

/** Resolves after so many milliseconds, or as soon as `early` is called with it; rejects when the signal aborts. */
export const pause = (
  timers: Timers,
  milliseconds: number,
  options: { readonly signal: AbortSignal; readonly early?: (wake: () => void) => void },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const { signal } = options;
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const wake = () => {
      timer.cancel();
      signal.removeEventListener('abort', stop);
      resolve();
    };
    const timer = timers.schedule(milliseconds, wake);
    signal.addEventListener('abort', stop, { once: true });
    options.early?.(wake);
  });
