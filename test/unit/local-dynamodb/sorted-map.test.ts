import fc from 'fast-check';
import { type KeyRange, SortedMap } from '../../../local/dynamodb/sorted-map.ts';

const key = fc.integer({ min: 0, max: 2_000 }).map((n) => n.toString(36).padStart(3, '0'));
const step = fc.record({ key, kept: fc.boolean() });
const bound = fc.option(key, { nil: undefined });

const within = (text: string, { gt, gte, lt, lte }: KeyRange): boolean =>
  (gt === undefined || text > gt) &&
  (gte === undefined || text >= gte) &&
  (lt === undefined || text < lt) &&
  (lte === undefined || text <= lte);

describe('sorted map', () => {
  test('agrees with a plain map under any writes and any range, both ways', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 1_500, size: 'max' }),
        fc.record({ low: bound, high: bound, inclusive: fc.boolean(), reverse: fc.boolean() }),
        (steps, { low, high, inclusive, reverse }) => {
          const sorted = new SortedMap<number>();
          const plain = new Map<string, number>();
          for (const [at, { key: name, kept }] of steps.entries()) {
            if (kept) {
              sorted.set(name, at);
              plain.set(name, at);
            } else {
              expect(sorted.delete(name)).toBe(plain.delete(name));
            }
          }
          const range = inclusive ? { gte: low, lte: high, reverse } : { gt: low, lt: high, reverse };
          const wanted = [...plain].filter(([name]) => within(name, range)).sort(([a], [b]) => (a < b ? -1 : 1));
          expect([...sorted.entries(range)]).toEqual(reverse ? wanted.reverse() : wanted);
          expect(sorted.size).toBe(plain.size);
          for (const [name, value] of plain) expect(sorted.get(name)).toBe(value);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('holds its order over many chunks', () => {
    const sorted = new SortedMap<number>();
    for (let n = 0; n < 5_000; n++) sorted.set(String((n * 7919) % 5_000).padStart(5, '0'), n);
    const keys = [...sorted.entries()].map(([name]) => name);
    expect(keys).toHaveLength(5_000);
    expect(keys).toEqual([...keys].sort());
    expect([...sorted.entries({ reverse: true })].map(([name]) => name)).toEqual([...keys].reverse());
    for (const name of keys) sorted.delete(name);
    expect([...sorted.entries()]).toEqual([]);
    expect([...sorted.entries({ reverse: true })]).toEqual([]);
  });
});
