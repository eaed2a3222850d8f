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
/** A step that takes longer has failed. */
const stepMilliseconds = 4_000;
/** What it does may still come to the permission: on a machine with other work the making of RSA keys takes seconds. */
const workMilliseconds = 20_000;
/** Longer than anything in a step waits. */
const settleMilliseconds = 11_000;
/** From the refusal on, for the part that met it to say so. */
const wordMilliseconds = 4_000;

/** A warning, an error, or how the stand-ins and a process that cannot start say it. */
const tellsOfFailure = /"level":"(?:warn|error)"|given up|is not read|could not start/;

export const notMissed = 'nothing was refused for want of it';

export const matchesAction = (pattern: string, action: string): boolean =>
  matchesGlob(globOf(pattern.toLowerCase()), action.toLowerCase());

/** Runs steps without one permission at a time. */
export class Trials {
  readonly #system: TestSystem;
  /** Steps that were left alone when their want had shown. */
  readonly #left = new Set<Promise<unknown>>();

  constructor(system: TestSystem) {
    this.#system = system;
  }

  /**
   * Answers undefined when the permission was missed in the way that it must be: it was asked for and refused, nothing
   * else was refused, and the step failed or the part said that something failed.
   */
  async without(removal: Removal, step: Step): Promise<string | undefined> {
    const { logs, plane } = this.#system;
    const { ledger } = plane.policies;
    const { act, after } = await step.ready();
    const said: string[] = [];
    const stopListening = logs.follow((log, line) => {
      if (tellsOfFailure.test(line) && removal.isOf(log, line)) said.push(line);
    });
    const seen = new Set(ledger.denials());
    const fresh = () => ledger.denials().filter((denial) => !seen.has(denial));
    const restore = removal.apply();
    try {
      const outcome = this.#begin(act);
      const patience = removal.byClock ? clockMilliseconds : echoMilliseconds;
      const isOver = () => performance.now() > outcome.endedAt + patience;
      const look = () => fresh().find(removal.explains) ?? (isOver() ? 'none' : undefined);
      if ((await eventually(look, 'an end', 2 * (workMilliseconds + patience))) === 'none') return notMissed;
      const isTold = () => (said.length > 0 || outcome.failed ? true : undefined);
      const told = await eventually(isTold, 'a word', wordMilliseconds).catch(() => false);
      const others = fresh().filter((denial) => !removal.explains(denial));
      if (others.length > 0) return `something else was refused too: ${others[0]?.message}`;
      return told ? undefined : 'it was refused, and nothing failed or said so';
    } finally {
      restore();
      stopListening();
      await after?.().catch(() => undefined);
    }
  }

  /** Resolves when nothing of any step runs any more, or nothing more can be expected of it. */
  async settled(): Promise<void> {
    const late = new Promise((resolve) => void setTimeout(resolve, settleMilliseconds).unref());
    await Promise.race([Promise.all(this.#left), late]);
  }

  #begin(act: () => Promise<void>): { endedAt: number; failed: boolean } {
    const outcome = { endedAt: Number.POSITIVE_INFINITY, failed: false };
    const fail = () => {
      outcome.failed = true;
    };
    const end = () => {
      outcome.endedAt = Math.min(outcome.endedAt, performance.now());
    };
    const timers = [setTimeout(fail, stepMilliseconds), setTimeout(end, workMilliseconds)];
    const left = act()
      .catch(fail)
      .finally(() => {
        end();
        for (const timer of timers) clearTimeout(timer);
        this.#left.delete(left);
      });
    this.#left.add(left);
    return outcome;
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
