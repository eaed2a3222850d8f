import { followSecret } from '../../../core/use-cases/follow-secret.ts';

const setUp = () => {
  const world = {
    version: '1',
    open: (): string => 'first',
    unreadable: false,
    tick: undefined as (() => void) | undefined,
    gauges: [] as number[],
    lines: [] as string[],
  };
  const hub = {
    log: (level: string, event: string, fields: Record<string, unknown>) =>
      void world.lines.push(`${level} ${event} ${String(fields.why ?? '')}`.trim()),
    metrics: {
      count: () => undefined,
      gauge: (_name: string, value: number) => void world.gauges.push(value),
      observe: () => undefined,
    },
  };
  const options = {
    name: 'thing',
    source: {
      read: async () => {
        if (world.unreadable) throw new Error('away');
        return { version: world.version, open: world.open };
      },
    },
    use: (value: string) => {
      if (value === 'bad') throw new Error('cannot be used');
      return value.toUpperCase();
    },
    timers: {
      schedule: (_milliseconds: number, run: () => void) => {
        world.tick = run;
        return {
          cancel: () => {
            world.tick = undefined;
          },
        };
      },
    },
    hub: hub as never,
  };
  /** Runs the timer and waits until the next one is set. */
  const poll = async () => {
    const { tick } = world;
    world.tick = undefined;
    tick?.();
    while (world.tick === undefined) await new Promise((resolve) => setImmediate(resolve));
  };
  return { world, options, poll };
};

test('takes each new value, and the same one only once', async () => {
  const { world, options, poll } = setUp();
  const followed = await followSecret(options);
  expect(followed.current()).toBe('FIRST');
  await poll();
  world.version = '2';
  world.open = () => 'second';
  await poll();
  expect(followed.current()).toBe('SECOND');
  expect(world.lines).toEqual(['info secret.used', 'info secret.used']);
  expect(world.gauges).toEqual([0, 0, 0]);
});

test.each([
  [
    'cannot be opened',
    () => {
      throw new Error('not JSON');
    },
    'not JSON',
  ],
  ['cannot be used', () => 'bad', 'cannot be used'],
])('a value that %s leaves the one before, and says so until it is mended', async (_name, open, why) => {
  const { world, options, poll } = setUp();
  const followed = await followSecret(options);
  world.version = '2';
  world.open = open;
  await poll();
  await poll();
  expect(followed.current()).toBe('FIRST');
  expect(world.gauges).toEqual([0, 1, 1]);
  expect(world.lines).toEqual(['info secret.used', `error secret.refused ${why}`]);
  world.version = '3';
  world.open = () => 'third';
  await poll();
  expect([followed.current(), world.gauges.at(-1)]).toEqual(['THIRD', 0]);
});

test('a secret that cannot be read leaves the value, and comes back by itself', async () => {
  const { world, options, poll } = setUp();
  const followed = await followSecret(options);
  world.unreadable = true;
  await poll();
  expect([followed.current(), world.gauges.at(-1)]).toEqual(['FIRST', 1]);
  world.unreadable = false;
  await poll();
  expect(world.gauges.at(-1)).toBe(0);
});

test('without a stand-in the first value must be good; with one it may come later', async () => {
  const { world, options, poll } = setUp();
  world.open = () => 'bad';
  await expect(followSecret(options)).rejects.toThrow('cannot be used');
  const followed = await followSecret<string, string | undefined>({ ...options, otherwise: { usable: undefined } });
  expect(followed.current()).toBeUndefined();
  world.version = '2';
  world.open = () => 'mended';
  await poll();
  expect(followed.current()).toBe('MENDED');
  followed.stop();
  expect(world.tick).toBeUndefined();
});
