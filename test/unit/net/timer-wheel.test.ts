import { TimerWheel } from '../../../net/timer-wheel.ts';

const runAfter = (wheel: TimerWheel, milliseconds: number) =>
  new Promise<number>((resolve) => {
    const from = performance.now();
    wheel.schedule(milliseconds, () => resolve(performance.now() - from));
  });

describe('TimerWheel', () => {
  test('runs an entry once, never early', async () => {
    const wheel = new TimerWheel({ tickMilliseconds: 5 });
    const waits = await Promise.all([0, 1, 12, 30].map((wait) => runAfter(wheel, wait)));
    expect(waits[2]).toBeGreaterThanOrEqual(12);
    expect(waits[3]).toBeGreaterThanOrEqual(30);
  });

  test('runs nothing that was cancelled, before or during its own tick', async () => {
    const wheel = new TimerWheel({ tickMilliseconds: 5 });
    const ran: string[] = [];
    wheel.schedule(5, () => ran.push('cancelled before')).cancel();
    const victim = { cancel: () => {} };
    wheel.schedule(10, () => {
      ran.push('first');
      victim.cancel();
    });
    const neighbour = wheel.schedule(10, () => ran.push('cancelled by its neighbour'));
    victim.cancel = () => neighbour.cancel();
    await runAfter(wheel, 30);
    expect(ran.filter((name) => name !== 'cancelled by its neighbour')).toEqual(['first']);
  });

  test('an entry may schedule the next one, and the wheel starts again after it stood still', async () => {
    const wheel = new TimerWheel({ tickMilliseconds: 5 });
    await runAfter(wheel, 5);
    let turns = 0;
    await new Promise<void>((resolve) => {
      const again = () => {
        turns += 1;
        if (turns === 3) resolve();
        else wheel.schedule(5, again);
      };
      again();
    });
    expect(turns).toBe(3);
  });
});
