import { nextRotationStep, pinsOf, type RotationPace, type RotationStep } from '../../../core/model/key-rotation.ts';
import type { HostKeyPair, HostKeySet } from '../../../core/ports/host-key-store.ts';

const pace: RotationPace = { every: 1_000, announce: 100, overlap: 50 };
const key = (name: string): HostKeyPair => ({
  type: 'ssh-ed25519',
  private: `private ${name}`,
  public: `ssh-ed25519 ${name}`,
});
const [a, b] = [[key('a')], [key('b')]];
const [lineA, lineB] = ['ssh-ed25519 a', 'ssh-ed25519 b'];

type Row = readonly [string, HostKeySet, readonly string[] | undefined, number, RotationStep];
const rows: readonly Row[] = [
  ['at rest it waits for its day', { keys: a, since: 5 }, [lineA], 1_004, { do: 'wait', phase: 'rest', until: 1_005 }],
  ['on its day it makes keys', { keys: a, since: 5 }, [lineA], 1_005, { do: 'make' }],
  ['keys of an unknown day are due', { keys: a, since: 0 }, [lineA], 1_700_000_000_000, { do: 'make' }],
  ['a served key that nobody pins is pinned first', { keys: a, since: 5 }, [], 9_999, { do: 'pin', lines: [lineA] }],
  ['pins of no key are taken away', { keys: a, since: 5 }, [lineA, 'ssh-ed25519 x'], 6, { do: 'pin', lines: [lineA] }],
  [
    'new keys are pinned beside the old',
    { keys: a, since: 5, next: { keys: b } },
    [lineA],
    1_005,
    { do: 'pin', lines: [lineA, lineB] },
  ],
  [
    'the announcement counts from when they are pinned',
    { keys: a, since: 5, next: { keys: b } },
    [lineB, lineA],
    2_000,
    { do: 'keep', what: 'announced', set: { keys: a, since: 5, next: { keys: b, announcedAt: 2_000 } } },
  ],
  [
    'announced keys wait',
    { keys: a, since: 5, next: { keys: b, announcedAt: 2_000 } },
    [lineA, lineB],
    2_099,
    { do: 'wait', phase: 'announced', until: 2_100 },
  ],
  [
    'then they are served, in one write',
    { keys: a, since: 5, next: { keys: b, announcedAt: 2_000 } },
    [lineA, lineB],
    2_100,
    { do: 'keep', what: 'switched', set: { keys: b, since: 2_100, former: [lineA] } },
  ],
  [
    'a key that has gone from the pins is never served: its announcement is void',
    { keys: a, since: 5, next: { keys: b, announcedAt: 2_000 } },
    [lineA],
    99_999,
    { do: 'keep', what: 'unannounced', set: { keys: a, since: 5, next: { keys: b } } },
  ],
  [
    'the key before is believed for a while',
    { keys: b, since: 2_100, former: [lineA] },
    [lineA, lineB],
    2_149,
    { do: 'wait', phase: 'switched', until: 2_150 },
  ],
  [
    'then it is let go of',
    { keys: b, since: 2_100, former: [lineA] },
    [lineA, lineB],
    2_150,
    { do: 'keep', what: 'retired', set: { keys: b, since: 2_100 } },
  ],
  ['and refused', { keys: b, since: 2_100 }, [lineA, lineB], 2_151, { do: 'pin', lines: [lineB] }],
  [
    'where nobody pins, keys wait all the same',
    { keys: a, since: 5, next: { keys: b, announcedAt: 2_000 } },
    undefined,
    2_050,
    { do: 'wait', phase: 'announced', until: 2_100 },
  ],
];

test.each(rows)('%s', (_name, set, pinned, now, step) => {
  expect(nextRotationStep(set, { pinned, pace, now })).toEqual(step);
});

/** One run: steps until it waits; `cut` ends it after so many writes, as a crash would. */
const runOf = (world: { set: HostKeySet; pinned: readonly string[] }, now: number, cut = Number.POSITIVE_INFINITY) => {
  for (let writes = 0; writes < cut; writes += 1) {
    const step = nextRotationStep(world.set, { pinned: world.pinned, pace, now });
    if (step.do === 'wait') return;
    if (step.do === 'make') world.set = { ...world.set, next: { keys: b } };
    else if (step.do === 'pin') world.pinned = step.lines;
    else world.set = step.set;
  }
};

test.each([1, 2, 3, 99])(
  'cut off after each %i writes, it never serves a key that is not pinned, and comes to its end',
  (cut) => {
    const world = { set: { keys: a, since: 0 } as HostKeySet, pinned: [lineA] as readonly string[] };
    let served = 0;
    for (let now = 1_000; now < 1_400; now += 10) {
      runOf(world, now, cut);
      for (const { public: line } of world.set.keys) expect(world.pinned).toContain(line);
      if (world.set.keys === b) served += 1;
    }
    expect(served).toBeGreaterThan(0);
    expect(world.pinned).toEqual(pinsOf(world.set));
    expect(world).toEqual({ set: { keys: b, since: expect.any(Number) }, pinned: [lineB] });
  },
);
