/** Beyond so many the exact number says nothing more. */
const maxThings = 1_000;

/**
 * How many different things each subject touched lately: devices of an operator, devices of a key. Bounded in every
 * direction, for it sees whatever comes; the subject that was silent longest is forgotten first.
 */
export const createFanOut = (options: { readonly milliseconds: number; readonly maxSubjects?: number }) => {
  const { milliseconds, maxSubjects = 10_000 } = options;
  /** In order of last use, both. */
  const subjects = new Map<string, Map<string, number>>();

  return {
    /** Notes one, and says how many different ones there were in the window. At most 1,000. */
    note(subject: string, thing: string, now: number): number {
      const things = subjects.get(subject) ?? new Map<string, number>();
      subjects.delete(subject);
      subjects.set(subject, things);
      things.delete(thing);
      for (const [old, at] of things) {
        if (at > now - milliseconds && things.size < maxThings) break;
        things.delete(old);
      }
      things.set(thing, now);
      if (subjects.size > maxSubjects) for (const oldest of firstOf(subjects)) subjects.delete(oldest);
      return things.size;
    },
  };
};

const firstOf = (map: ReadonlyMap<string, unknown>): readonly string[] => {
  const { value } = map.keys().next();
  return value === undefined ? [] : [value];
};
