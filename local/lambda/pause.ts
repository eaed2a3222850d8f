import { setTimeout } from 'node:timers/promises';

/** Resolves after so many milliseconds, or at once when the signal says that it is all over. */
export const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
