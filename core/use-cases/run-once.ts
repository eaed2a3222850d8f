import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import type { Clock } from '../ports/clock.ts';
import type { Once, OnceNote } from '../ports/once.ts';

/** What a function answered, small enough for a note: 300 KB under DynamoDB's 400 KB item limit. */
export type StoredAnswer = { readonly status: number; readonly body: unknown };

/** Longer than the functions' 30 s, so that a note of work under way never ends before the work. */
const runningMilliseconds = 35_000;
const answerMilliseconds = 24 * 3_600_000;

const noteSchema = z.object({
  /** SHA-256 in hex over the canonical JSON (RFC 8785) of the body. */
  body: z.string(),
  answer: z.object({ status: z.number(), body: z.unknown() }).optional(),
});

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Runs work once for an idempotency key of one operator and path. The same key with the same body answers what the first
 * did; with another body it is `idempotency_conflict`; while the first still runs, `in_progress`. Work that throws frees
 * the key: nothing stands, so the same request may be tried again.
 */
export const runOnce = async (
  ports: {
    readonly once: Pick<Once, 'claim' | 'replace' | 'spend'>;
    readonly clock: Clock;
    readonly hub: Pick<EventHub, 'log'>;
  },
  request: { readonly operator: string; readonly path: string; readonly key: string; readonly body: unknown },
  work: () => Promise<StoredAnswer>,
): Promise<StoredAnswer> => {
  const { once, clock, hub } = ports;
  const unkept = (error: unknown) =>
    hub.log('warn', 'once.unkept', { error: error instanceof Error ? error.name : 'unknown' });
  const body = hash(canonicalize(request.body ?? null) ?? '');
  const running: OnceNote = {
    key: `answer:${request.operator}:${hash(`${request.path}\n${request.key}`)}`,
    value: JSON.stringify({ body }),
    endsAt: clock.now() + runningMilliseconds,
  };
  const claim = await once.claim(running, clock.now());
  if (!claim.ok) {
    // Without the row that stood, it ended this very moment: the next try finds the key free.
    const stored = claim.row === undefined ? undefined : noteSchema.parse(JSON.parse(claim.row.value));
    if (stored !== undefined && stored.body !== body) throw new SallyportError('idempotency_conflict');
    if (stored?.answer === undefined) throw new SallyportError('in_progress');
    return { status: stored.answer.status, body: stored.answer.body };
  }
  let answer: StoredAnswer;
  try {
    answer = await work();
  } catch (error) {
    // If this fails too, the note ends by itself and the error that matters is the first.
    await once.spend(running.key, running.value, clock.now()).catch(unkept);
    throw error;
  }
  const kept = { ...running, value: JSON.stringify({ body, answer }), endsAt: clock.now() + answerMilliseconds };
  // The work is done: failing now would make its sender do it again.
  await once.replace(kept, running.value).catch(unkept);
  return answer;
};
