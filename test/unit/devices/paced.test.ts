import { generateDevices } from '../../../cli/fleet/device-list.ts';
import { paced } from '../../../cli/fleet/paced.ts';
import { createProgress } from '../../../cli/fleet/progress.ts';

/** Time that goes on when somebody waits. */
const clock = () => {
  let at = 0;
  return {
    now: () => at,
    wait: async (milliseconds: number) => {
      at += milliseconds;
    },
  };
};

test('begins no more in any second than the pace says', async () => {
  const { now, wait } = clock();
  const begun: number[] = [];
  const work = async () => void begun.push(now());
  await paced(Array.from({ length: 40 }), work, {
    pace: { perSecond: 8, parallel: 8 },
    signal: new AbortController().signal,
    now,
    wait,
  });
  expect(begun).toHaveLength(40);
  for (const start of begun)
    expect(begun.filter((at) => at >= start && at < start + 1_000).length).toBeLessThanOrEqual(8);
  expect(begun.at(-1)).toBeCloseTo(39 * 125);
});

test('has no more under way than it may, begins nothing after the signal, and waits for what it began', async () => {
  const stop = new AbortController();
  const { now, wait } = clock();
  let running = 0;
  let most = 0;
  let ended = 0;
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    if (item === 10) stop.abort();
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    ended += 1;
  };
  const items = Array.from({ length: 100 }, (_, index) => index);
  await paced(items, work, { pace: { perSecond: 100, parallel: 3 }, signal: stop.signal, now, wait });
  expect(most).toBeLessThanOrEqual(3);
  expect([running, ended]).toEqual([0, 11]);
});

test('what cannot go on ends it', async () => {
  const { now, wait } = clock();
  const done: number[] = [];
  const work = async (item: number) => {
    if (item === 3) throw new Error('no rights');
    done.push(item);
  };
  const options = { pace: { perSecond: 10, parallel: 1 }, signal: new AbortController().signal, now, wait };
  await expect(paced([1, 2, 3, 4, 5], work, options)).rejects.toThrow('no rights');
  expect(done).toEqual([1, 2]);
});

test('progress names what wants a look, with what devices say made harmless', () => {
  const said: string[] = [];
  const progress = createProgress({
    total: 3,
    json: false,
    bad: new Set(['failed']),
    out: (text) => void said.push(text),
    now: () => 0,
  });
  progress.tell({ device: 'a', outcome: 'enrolled' });
  progress.tell({ device: 'b', outcome: 'failed', detail: '\u001b[31mred' });
  expect(progress.end()).toBe(false);
  expect(said.join('')).toMatch(/^b: failed: .*red\n2 of 3: 1 enrolled, 1 failed/);
  expect(said.join('')).not.toContain('\u001b');
});

test('generated names sort as they count, and are device ids', () => {
  const names = generateDevices('pump-', 100_000).map(({ device }) => device);
  expect([names[0], names.at(-1)]).toEqual(['pump-000001', 'pump-100000']);
  expect([...names].sort()).toEqual(names);
  expect(() => generateDevices('pump 7', 1)).toThrow(/not a device id/);
});
