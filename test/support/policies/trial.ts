import type { Denial } from '../../../local/iam/denial.ts';
import { globOf, matchesGlob } from '../../../local/iam/wildcard.ts';
import { eventually } from '../eventually.ts';
import type { TestSystem } from '../system.ts';
import type { Step } from './step.ts';

/** One action taken out of one statement, and how its absence shows. */
export interface Removal {
  /** "RelayTaskRole, policy 0, statement 2 (TunnelsGetItem) without dynamodb:GetItem" */
  readonly label: string;
  readonly action: string;
  /** Puts it in force; returns the way back. */
  readonly apply: () => () => void;
  /** Whether a refusal is for want of it. */
  readonly explains: (denial: Denial) => boolean;
  /** Whether its owner uses permissions by itself, too. */
  readonly byClock: boolean;
  /** Whether a line of a log is of the part that misses it. */
  readonly isOf: (log: string, line: string) => boolean;
}

/** The longest that a part's own clock makes it wait before it uses a permission: a relay raises its lease every 5 s. */
const clockMilliseconds = 7_000;
/** What a step that has ended may still cause. */
const echoMilliseconds = 1_000;
const stepMilliseconds = 4_000;
/** From the refusal on, for the part that met it to say so. */
const wordMilliseconds = 4_000;

export const notMissed = 'nothing was refused for want of it';

export const matchesAction = (pattern: string, action: string): boolean =>
  matchesGlob(globOf(pattern.toLowerCase()), action.toLowerCase());

/**
 * Runs a step without one permission. Answers undefined when it was missed in the way that it must be: it was asked for
 * and refused, nothing else was refused, and the step failed or the part said that something failed.
 */
export async function tryWithout(system: TestSystem, removal: Removal, step: Step): Promise<string | undefined> {
  const { ledger } = system.plane.policies;
  const { act, after } = await step.ready();
  const said: string[] = [];
  const stopListening = system.logs.follow((log, line) => {
    if (/"level":"(?:warn|error)"|given up|is not read|could not start/.test(line) && removal.isOf(log, line))
      said.push(line);
  });
  const seen = new Set(ledger.denials());
  const fresh = () => ledger.denials().filter((denial) => !seen.has(denial));
  const restore = removal.apply();
  let failure: unknown;
  try {
    let endedAt = Number.POSITIVE_INFINITY;
    void inTime(act(), stepMilliseconds)
      .catch((error: unknown) => {
        failure = error ?? new Error('it failed');
      })
      .finally(() => {
        endedAt = performance.now();
      });
    const patience = removal.byClock ? clockMilliseconds : echoMilliseconds;
    const look = () => fresh().find(removal.explains) ?? (performance.now() > endedAt + patience ? 'none' : undefined);
    if ((await eventually(look, 'an end', 2 * (stepMilliseconds + patience))) === 'none') return notMissed;
    const word = eventually(
      () => (said.length > 0 || failure !== undefined ? true : undefined),
      'a word',
      wordMilliseconds,
    );
    const told = await word.catch(() => false);
    const others = fresh().filter((denial) => !removal.explains(denial));
    if (others.length > 0) return `something else was refused too: ${others[0]?.message}`;
    if (!told) return 'it was refused, and nothing failed or said so';
    return undefined;
  } finally {
    restore();
    stopListening();
    await after?.().catch(() => undefined);
  }
}

/** Runs a step with every permission; answers how long it took, ms. @throws Error that names the step */
export async function runWhole(
  step: Step,
  around: { readonly begin: () => void; readonly end: () => Promise<void> },
): Promise<number> {
  const { act, after } = await step.ready();
  around.begin();
  const began = performance.now();
  try {
    await act();
    const milliseconds = performance.now() - began;
    await around.end();
    return milliseconds;
  } catch (cause) {
    throw new Error(`${step.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    await after?.();
  }
}

export function inTime<Value>(work: Promise<Value>, milliseconds: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not done in ${milliseconds} ms`)), milliseconds);
    void work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
