import { LiveSet } from '../../../net/drain.ts';

const thing = (set: LiveSet<{ destroy(): void }>) => {
  const state = {
    destroyed: false,
    destroy: () => {
      state.destroyed = true;
    },
    leave: (): void => undefined,
  };
  state.leave = set.add(state);
  return state;
};

describe('LiveSet.drain', () => {
  test('waits for the living and destroys none when they end in time', async () => {
    const set = new LiveSet();
    const [one, two] = [thing(set), thing(set)];
    const order: string[] = [];
    const drained = set.drain({ deadlineMilliseconds: 60_000, stopAccepting: () => void order.push('stopped') });
    expect(order).toEqual(['stopped']);
    one.leave();
    one.leave();
    two.leave();
    expect(await drained).toEqual({ ended: 2, destroyed: 0 });
    expect([one.destroyed, two.destroyed]).toEqual([false, false]);
  });

  test('destroys the rest at the deadline', async () => {
    const set = new LiveSet();
    const [one, two] = [thing(set), thing(set)];
    const drained = set.drain({ deadlineMilliseconds: 5, stopAccepting: () => undefined });
    one.leave();
    expect(await drained).toEqual({ ended: 1, destroyed: 1 });
    expect([one.destroyed, two.destroyed]).toEqual([false, true]);
  });

  test('has nothing to wait for when nothing lives', async () => {
    const drained = await new LiveSet().drain({ deadlineMilliseconds: 60_000, stopAccepting: () => undefined });
    expect(drained).toEqual({ ended: 0, destroyed: 0 });
  });
});
