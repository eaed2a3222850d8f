import { array, assert, double, integer, property } from 'fast-check';
import { BackOff } from '../../../agent/back-off.ts';

const chance = double({ min: 0, max: 0.999_999, noNaN: true });

describe('the back-off', () => {
  test('is quick five times, then doubles to a minute', () => {
    const backOff = new BackOff(() => 0.999_999);
    const waits = Array.from({ length: 14 }, () => Math.round(backOff.next(0)));
    expect(waits).toEqual([
      ...[300, 300, 300, 300, 300],
      ...[1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
    ]);
  });

  test('spreads a fleet over the whole of each wait', () => {
    const waitsAt = (random: number, tries: number): number => {
      const backOff = new BackOff(() => random);
      for (let n = 1; n < tries; n += 1) backOff.next(0);
      return backOff.next(0);
    };
    expect(waitsAt(0, 1)).toBe(100);
    expect(waitsAt(0, 8)).toBe(0);
    expect(waitsAt(0.5, 8)).toBe(2_000);
  });

  test('never waits longer than a minute, nor under 100 ms in the first five tries', () => {
    assert(
      property(array(chance, { minLength: 1, maxLength: 2_000 }), (chances) => {
        let n = 0;
        const backOff = new BackOff(() => chances[n] ?? 0);
        for (; n < chances.length; n += 1) {
          const wait = backOff.next(0);
          expect(wait).toBeLessThanOrEqual(60_000);
          expect(wait).toBeGreaterThanOrEqual(n < 5 ? 100 : 0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('starts over after a minute that held, and not before', () => {
    assert(
      property(integer({ min: 0, max: 120_000 }), (held) => {
        const backOff = new BackOff(() => 0.999_999);
        for (let n = 0; n < 12; n += 1) backOff.next(0);
        backOff.held(1_000);
        expect(backOff.next(1_000 + held) < 301).toBe(held >= 60_000);
      }),
    );
  });

  test('counts a minute from the last connection only', () => {
    const backOff = new BackOff(() => 0.999_999);
    for (let n = 0; n < 12; n += 1) backOff.next(0);
    backOff.held(0);
    expect(backOff.next(10)).toBeGreaterThan(50_000);
    expect(backOff.next(100_000)).toBeGreaterThan(50_000);
  });
});
