import { getTunnel } from '../../../core/use-cases/get-tunnel.ts';
import { codeOf, createWorld, operatorId, otherId, type World } from './world.ts';

const id = 'aaaaaaaaaaaaaaaa';
const get = (world: World, waitSeconds = 0, asker = { id: operatorId, administrator: false }) =>
  getTunnel(world.ports, { tunnel: id, asker, waitSeconds });

/** Something that happens after so many readings of the row. */
const atReading = (world: World, readings: number, work: () => void) => {
  const { get: read } = world.ports.tunnels;
  let count = 0;
  Object.assign(world.ports.tunnels, {
    get: (tunnel: string) => {
      count += 1;
      if (count === readings) work();
      return read(tunnel);
    },
  });
  return () => count;
};

describe('who sees it', () => {
  test.each([
    ['its operator', { id: operatorId, administrator: false }, 'no refusal'],
    ['an administrator', { id: otherId, administrator: true }, 'no refusal'],
    ['another operator', { id: otherId, administrator: false }, 'not_found'],
  ])('%s: %j', async (_, asker, code) => {
    const world = createWorld();
    await world.put();
    expect(await codeOf(get(world, 0, asker))).toBe(code);
  });

  test.each([
    ['b'.repeat(16), 'not_found'],
    ['x'.repeat(129), 'invalid_request'],
    ['../../etc', 'invalid_request'],
  ])('%.20s: %s', async (tunnel, code) => {
    const { ports } = createWorld();
    const asker = { id: operatorId, administrator: true };
    expect(await codeOf(getTunnel(ports, { tunnel, asker, waitSeconds: 0 }))).toBe(code);
  });
});

describe('waiting', () => {
  test('answers as soon as it is open, and gives its slot back', async () => {
    const world = createWorld();
    await world.put();
    atReading(world, 9, () => void world.take(id));
    expect(await get(world, 20)).toMatchObject({ state: 'open' });
    expect(world.clock.monotonic()).toBeLessThan(200);
    for (let slot = 0; slot < 4; slot += 1)
      expect(await world.ports.once.get(`wait:${operatorId}:${slot}`, world.clock.now())).toBeUndefined();
  });

  test('answers as soon as it is closed', async () => {
    const world = createWorld();
    await world.put();
    atReading(world, 3, () => void world.ports.tunnels.close(id, 'device', { now: world.clock.now() }));
    expect(await get(world, 20)).toMatchObject({ state: 'closed', reason: 'device' });
  });

  test('answers what it is when the time has passed, after a bounded number of readings', async () => {
    const world = createWorld();
    await world.put();
    const readings = atReading(world, 0, () => undefined);
    expect(await get(world, 20)).toMatchObject({ state: 'opening' });
    expect(world.clock.monotonic()).toBe(20_000);
    expect(readings()).toBeLessThan(60);
  });

  test('an opening that nobody answered is closed after a minute, for a waiter too', async () => {
    const world = createWorld();
    await world.put({ createdAt: world.clock.now() - 59_000 });
    expect(await get(world, 20)).toMatchObject({ state: 'closed', reason: 'unanswered' });
  });

  test('four of one operator may wait; a fifth is refused, another operator is not', async () => {
    const world = createWorld();
    await world.put();
    for (let slot = 0; slot < 4; slot += 1)
      await world.ports.once.claim(
        { key: `wait:${operatorId}:${slot}`, value: 'x', endsAt: world.clock.now() + 60_000 },
        world.clock.now(),
      );
    expect(await codeOf(get(world, 20))).toBe('too_many_waits');
    expect(await codeOf(get(world, 1, { id: otherId, administrator: true }))).toBe('no refusal');
  });

  test('a slot that cannot be told of is refused, and said where the tunnel opens before', async () => {
    for (const [reading, code] of [
      [0, 'unavailable'],
      [2, 'no refusal'],
    ] as const) {
      const world = createWorld();
      await world.put();
      Object.assign(world.ports.once, { claim: () => Promise.reject(new Error('away')) });
      atReading(world, reading, () => void world.take(id));
      expect(await codeOf(get(world, 20))).toBe(code);
      expect(world.lines.map(({ event }) => event)).toContain('wait.slot-unclaimed');
    }
  });

  test('what is open already needs no slot', async () => {
    const world = createWorld();
    await world.put();
    await world.take(id);
    Object.assign(world.ports.once, { claim: () => Promise.reject(new Error('was asked')) });
    expect(await get(world, 20)).toMatchObject({ state: 'open' });
  });
});
