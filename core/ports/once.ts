import type { Outcome } from './outcome.ts';

/** A note that may be taken once: idempotency keys, locks, slots, challenges. `endsAt` in milliseconds. */
export type OnceNote = { readonly key: string; readonly value: string; readonly endsAt: number };

export type Once = {
  /** Put when absent or ended; lost with the note that stands. */
  claim(note: OnceNote, now: number): Promise<Outcome<OnceNote>>;
  /** Replaces the value of a note that still has the expected value. */
  replace(note: OnceNote, expected: string): Promise<boolean>;
  get(key: string, now: number): Promise<OnceNote | undefined>;
  /** Takes a note away, exactly once, when it still has this value and has not ended. */
  spend(key: string, value: string, now: number): Promise<boolean>;
};
