import { SallyportError } from '../../core/errors.ts';

/** What becomes of one call to a table: done; refused; done, but the answer got lost; or done, lost and done again. */
export type Verdict = 'done' | 'failed' | 'lost' | 'repeated';

/** Something under way that makes one call at a time, each only when it is let go on. */
export type Actor<Intent> = {
  readonly intent: Intent;
  /** The step of its first call: where it read what it goes by. */
  firstStep: number | undefined;
  /** What its clock said last. */
  lastNow: number;
  waitingSince: number;
  isDone: boolean;
  error: unknown;
  letGo: ((verdict: Verdict) => void) | undefined;
  onRest: () => void;
};

export const startActor = async <Intent>(
  intent: Intent,
  now: () => number,
  run: (actor: Actor<Intent>) => Promise<void>,
): Promise<Actor<Intent>> => {
  const actor: Actor<Intent> = {
    ...{ intent, firstStep: undefined, lastNow: 0, waitingSince: now(), isDone: false, error: undefined },
    ...{ letGo: undefined, onRest: () => undefined },
  };
  const rest = restOf(actor);
  run(actor)
    .catch((error: unknown) => {
      actor.error = error;
    })
    .finally(() => {
      actor.isDone = true;
      actor.onRest();
    });
  await rest;
  return actor;
};

/** Settles when the actor waits at its next call, or has come to its end. */
const restOf = <Intent>(actor: Actor<Intent>): Promise<void> =>
  new Promise((resolve) => {
    actor.onRest = resolve;
  });

export const letGo = async <Intent>(actor: Actor<Intent>, step: number, verdict: Verdict): Promise<void> => {
  const go = actor.letGo;
  if (go === undefined) throw new Error('the actor does not wait');
  actor.letGo = undefined;
  actor.firstStep ??= step;
  const rest = restOf(actor);
  go(verdict);
  await rest;
};

/** Every call waits until the actor is let go on, and then meets its fate. */
export const gate = async <Intent, Answer>(
  actor: Actor<Intent>,
  now: () => number,
  call: () => Promise<Answer>,
): Promise<Answer> => {
  const verdict = await new Promise<Verdict>((resolve) => {
    actor.letGo = resolve;
    actor.waitingSince = now();
    actor.onRest();
  });
  if (verdict === 'failed') throw new SallyportError('unavailable');
  if (verdict === 'repeated') await call();
  const answer = await call();
  if (verdict === 'lost') throw new SallyportError('unavailable');
  return answer;
};
