import fc from 'fast-check';
import { type Reached, Violation } from './ledger-oracle.ts';
import { createLedgerWorld, type Store } from './ledger-world.ts';

/** A schedule is a list of choices; shrinking it leaves the few that matter. */
const choices = fc.array(fc.noBias(fc.nat(0xffff)), { minLength: 150, maxLength: 450, size: 'max' });

const runSchedule = async (
  script: readonly number[],
  { store, begin }: { readonly store: Store; readonly begin: number },
  reached: Reached,
): Promise<void> => {
  let used = 0;
  const pick = (count: number): number => {
    const choice = script[used % script.length] ?? 0;
    used += 1;
    return choice % count;
  };
  const world = createLedgerWorld(store, pick, { begin, reached });
  await world.begin();
  while (used < script.length) await world.turn();
  await world.finish();
};

type Runs = { readonly count: number; readonly seed: number };
type Open = (run: number) => { readonly store: Store; readonly begin: number };

const propertyOf = (open: Open, reached: Reached) => {
  let run = 0;
  return fc.asyncProperty(choices, (script) => {
    run += 1;
    return runSchedule(script, open(run), reached);
  });
};

/**
 * Runs so many random schedules, each in a store of its own; rejects with the smallest one that breaks a promise, or
 * with `shrink: false`, where runs are slow, with the first.
 */
export const checkSchedules = async (
  { count, seed }: Runs,
  open: Open,
  { shrink }: { readonly shrink: boolean } = { shrink: true },
): Promise<Reached> => {
  const reached: Reached = new Map();
  await fc.assert(propertyOf(open, reached), { numRuns: count, seed, endOnFailure: !shrink });
  return reached;
};

/** The promise that the first bad schedule breaks, and how many it took; undefined when all keep every promise. */
export const findViolation = async (
  { count, seed }: Runs,
  open: Open,
): Promise<{ readonly broken: string; readonly runs: number } | undefined> => {
  const details = await fc.check(propertyOf(open, new Map()), { numRuns: count, seed, endOnFailure: true });
  if (!details.failed) return undefined;
  if (!(details.errorInstance instanceof Violation)) throw details.errorInstance;
  return { broken: details.errorInstance.message, runs: details.numRuns };
};

/** `SALLYPORT_TEST_SEED` and `SALLYPORT_TEST_RUNS` look elsewhere, or longer. */
export const runsOf = (count: number): Runs => ({
  count: Number(process.env.SALLYPORT_TEST_RUNS ?? count),
  seed: Number(process.env.SALLYPORT_TEST_SEED ?? 20_261_121),
});
