import { setTimeout as pause } from 'node:timers/promises';

const patienceMilliseconds = 10_000;
const againMilliseconds = 20;

/** Looks until there is something, for what tells nobody when it comes. @throws Error that says what never came */
export async function eventually<Value>(
  look: () => Promise<Value | undefined> | Value | undefined,
  what: string,
  milliseconds = patienceMilliseconds,
): Promise<Value> {
  for (const until = performance.now() + milliseconds; ; ) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() >= until) throw new Error(`after ${milliseconds} ms there is not yet ${what}`);
    await pause(againMilliseconds);
  }
}
