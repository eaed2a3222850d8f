import { LRUCache } from 'lru-cache';

/**
 * Look-ups that many connections share: one question at a time for each key, answers kept for a bounded time. What may
 * be answered from an old memory when the source fails is the caller's to say: *where* may be stale, *who* never.
 */
export const createFreshCache = <Value extends object>(options: {
  readonly milliseconds: number;
  /** How long past its time an answer may still stand in for a failing source. 0 for decisions. */
  readonly staleMilliseconds: number;
  readonly max: number;
  readonly load: (key: string) => Promise<Value | undefined>;
}) => {
  type Kept = { readonly value: Value | undefined; readonly at: number };
  const kept = new LRUCache<string, Kept>({ max: options.max });
  const asked = new Map<string, Promise<Value | undefined>>();

  const ask = (key: string): Promise<Value | undefined> => {
    const running = asked.get(key);
    if (running !== undefined) return running;
    const askedAt = performance.now();
    const question: Promise<Value | undefined> = options
      .load(key)
      .then((value) => {
        // An answer to a question that was forgotten meanwhile may be older than what made it be forgotten.
        if (asked.get(key) === question) kept.set(key, { value, at: askedAt });
        return value;
      })
      .finally(() => {
        if (asked.get(key) === question) asked.delete(key);
      });
    asked.set(key, question);
    return question;
  };

  return {
    async get(key: string): Promise<Value | undefined> {
      const known = kept.get(key);
      const age = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.at;
      if (known !== undefined && age < options.milliseconds) return known.value;
      try {
        return await ask(key);
      } catch (error) {
        if (known !== undefined && age < options.milliseconds + options.staleMilliseconds) return known.value;
        throw error;
      }
    },
    /** Asks the source whatever is known, and joins nobody who asked before. */
    fresh(key: string): Promise<Value | undefined> {
      asked.delete(key);
      return ask(key);
    },
    forget(key: string): void {
      kept.delete(key);
      asked.delete(key);
    },
    forgetAll(): void {
      kept.clear();
      asked.clear();
    },
  };
};
export type FreshCache<Value extends object> = ReturnType<typeof createFreshCache<Value>>;
