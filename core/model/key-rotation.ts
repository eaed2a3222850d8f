import type { HostKeyPair, HostKeySet } from '../ports/host-key-store.ts';

/** Milliseconds. */
export type RotationPace = {
  /** How long a key is served before its successor is announced. */
  readonly every: number;
  /** From the announcement of a key until it is served: everybody who is heard of in this time is told. */
  readonly announce: number;
  /** From the switch until the key before is refused. */
  readonly overlap: number;
};

const day = 86_400_000;
/**
 * An agent says hello at least every 168 hours (`keyHours`), and whenever it starts or its MQTT connection comes back;
 * the functions keep pins for a minute. Eight days are those seven and a day for hellos that went unanswered.
 */
export const rotationPace: RotationPace = { every: 90 * day, announce: 8 * day, overlap: 8 * day };
/**
 * The key of links is believed by whoever reads its secret, each two minutes: an hour leaves room for one that could not
 * for a while. A cookie that the former key signed lives 12 hours at most, and a link far less.
 */
export const linkRotationPace: RotationPace = { every: 90 * day, announce: day / 24, overlap: day };
/**
 * Whoever checks copies learns of the successor from an object that names it, and each announcement is itself a record that
 * is exported. The change stream keeps that for a day: later it is in no object, whatever kept the export from its work.
 */
export const anchorRotationPace: RotationPace = { every: 90 * day, announce: day, overlap: day };

/** A key's type and blob; a line of a file may have a comment after them. */
export const publicLines = (keys: readonly HostKeyPair[]): readonly string[] => keys.map((key) => key.public);

/** What must be pinned, no more and no less: what is served, what will be, and what was until a moment ago. */
export const pinsOf = ({ keys, next, former }: HostKeySet): readonly string[] => [
  ...new Set([...publicLines(keys), ...publicLines(next?.keys ?? []), ...(former ?? [])]),
];

const sameLines = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((line) => other.includes(line));

export type RotationStep =
  | { readonly do: 'wait'; readonly phase: 'rest' | 'announced' | 'switched'; readonly until: number }
  /** Make keys and keep them as `next`. */
  | { readonly do: 'make' }
  | { readonly do: 'pin'; readonly lines: readonly string[] }
  | {
      readonly do: 'keep';
      readonly what: 'announced' | 'unannounced' | 'switched' | 'retired';
      readonly set: HostKeySet;
    };

/**
 * The one write that comes next. Every step can be repeated and every write may be the last of a run that was cut off:
 * the next run goes on from what it finds. `pinned` is undefined where nobody pins (the routers' keys, those that sign).
 *
 * No step serves a key that is not pinned: before the switch the pins are looked at again, and where the new key has gone
 * from them the announcement begins anew.
 */
export const nextRotationStep = (
  set: HostKeySet,
  {
    pinned,
    pace,
    now,
  }: { readonly pinned: readonly string[] | undefined; readonly pace: RotationPace; readonly now: number },
): RotationStep => {
  const { next, former, since } = set;
  if (pinned !== undefined && !sameLines(pinned, pinsOf(set))) {
    const isUntold = next?.announcedAt !== undefined && !publicLines(next.keys).every((line) => pinned.includes(line));
    if (isUntold) return { do: 'keep', what: 'unannounced', set: { ...set, next: { keys: next.keys } } };
    return { do: 'pin', lines: pinsOf(set) };
  }
  if (next !== undefined) {
    if (next.announcedAt === undefined)
      return { do: 'keep', what: 'announced', set: { ...set, next: { keys: next.keys, announcedAt: now } } };
    const until = next.announcedAt + pace.announce;
    if (now < until) return { do: 'wait', phase: 'announced', until };
    return {
      do: 'keep',
      what: 'switched',
      set: { keys: next.keys, since: now, former: publicLines(set.keys) },
    };
  }
  if (former !== undefined) {
    const until = since + pace.overlap;
    if (now < until) return { do: 'wait', phase: 'switched', until };
    return { do: 'keep', what: 'retired', set: { keys: set.keys, since } };
  }
  const until = since + pace.every;
  return now < until ? { do: 'wait', phase: 'rest', until } : { do: 'make' };
};
