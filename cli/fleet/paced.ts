import { setTimeout } from 'node:timers/promises';

/** How fast to go: so many begin in a second, evenly, and so many may be under way. */
export type Pace = { readonly perSecond: number; readonly parallel: number };

/**
 * AWS IoT lets an account attach 15 policies a second and create 10 of most things; eight devices a second leave room for
 * whoever else works in the account.
 */
export const defaultPace: Pace = { perSecond: 8, parallel: 8 };
export const paceBounds = [1, 100] as const;

/** Waits so many milliseconds, or less when the signal comes. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;
const wait: Wait = (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);

/**
 * Does the work for each item at that pace. After the signal nothing new begins, and what is under way is waited for. The
 * first work that throws ends it likewise, and is thrown then: works tell of their item's own failures themselves.
 */
export const paced = async <Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
  options: {
    readonly pace: Pace;
    readonly signal: AbortSignal;
    readonly now?: () => number;
    readonly wait?: Wait;
  },
): Promise<void> => {
  const { pace, signal, now = () => performance.now() } = options;
  const running = new Set<Promise<void>>();
  const failure = new AbortController();
  const ended = () => signal.aborted || failure.signal.aborted;
  let next = now();
  for await (const item of items) {
    const early = next - now();
    if (early > 0) await (options.wait ?? wait)(early, signal);
    while (running.size >= pace.parallel) await Promise.race(running);
    if (ended()) break;
    next = Math.max(next, now()) + 1_000 / pace.perSecond;
    const done: Promise<void> = work(item)
      .catch((error: unknown) => failure.abort(error))
      .finally(() => running.delete(done));
    running.add(done);
  }
  await Promise.all(running);
  if (failure.signal.aborted) throw failure.signal.reason;
};
