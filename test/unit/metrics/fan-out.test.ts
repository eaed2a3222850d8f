import { createEventHub } from '../../../core/events.ts';
import { createFanOut } from '../../../core/model/fan-out.ts';

test('counts different things of one subject, in the window only', () => {
  const fanOut = createFanOut({ milliseconds: 1_000 });
  expect(fanOut.note('ada', 'pump-1', 0)).toBe(1);
  expect(fanOut.note('ada', 'pump-1', 100)).toBe(1);
  expect(fanOut.note('ada', 'pump-2', 200)).toBe(2);
  expect(fanOut.note('bob', 'pump-1', 300)).toBe(1);
  expect(fanOut.note('ada', 'pump-3', 1_150)).toBe(2);
  expect(fanOut.note('ada', 'pump-3', 9_000)).toBe(1);
});

test('remembers no more than it may: subjects, and things of one', () => {
  const fanOut = createFanOut({ milliseconds: 1_000, maxSubjects: 2 });
  for (let thing = 0; thing < 3_000; thing += 1) fanOut.note('ada', `pump-${thing}`, 5);
  expect(fanOut.note('ada', 'pump-x', 6)).toBe(1_000);
  fanOut.note('bob', 'pump-1', 7);
  fanOut.note('cyd', 'pump-1', 8);
  expect(fanOut.note('ada', 'pump-y', 9)).toBe(1);
});

test('the hub tells the reach of operators and keys, and how often one was refused', async () => {
  const seen: [string, number][] = [];
  const hub = createEventHub({
    process: 'test',
    log: { write: () => undefined },
    metrics: {
      count: () => undefined,
      gauge: () => undefined,
      observe: (name, value) => void seen.push([name, value]),
    },
    audit: { append: async () => undefined },
    clock: { now: () => 10, monotonic: () => 10 },
  });
  await hub.allowed({ action: 'connect', operator: 'ada', device: 'pump-1' });
  await hub.allowed({ action: 'connect', operator: 'ada', device: 'pump-2' });
  await hub.allowed({ action: 'dial', device: 'pump-1', facts: { key: 'SHA256:a' } });
  await hub.allowed({ action: 'dial', device: 'pump-2', facts: { key: 'SHA256:a' } });
  hub.refused({ action: 'connect', operator: 'ada', code: 'forbidden' });
  hub.refused({ action: 'connect', operator: 'ada', code: 'forbidden' });
  hub.refused({ action: 'dial', code: 'unauthenticated' });
  await hub.settle();
  expect(seen).toEqual([
    ['operator_devices', 1],
    ['operator_devices', 2],
    ['key_devices', 1],
    ['key_devices', 2],
    ['operator_refusals', 1],
    ['operator_refusals', 2],
  ]);
});
