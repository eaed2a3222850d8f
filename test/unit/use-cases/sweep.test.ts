import type { RelayDoor } from '../../../core/model/relay.ts';
import { assessHealth } from '../../../core/use-cases/assess-health.ts';
import { sweep } from '../../../core/use-cases/sweep.ts';
import { createWorld, startOfTime, type World } from './world.ts';

const tunnel = 'aaaaaaaaaaaaaaaa';
const relay = (serverId: string, part: Partial<RelayDoor> = {}): RelayDoor => ({
  serverId,
  address: '127.0.1.1',
  doors: [7_000],
  lease: 1,
  load: { sessions: 0, tunnels: 0, channels: 0 },
  version: '1.0.0',
  startedAt: startOfTime,
  draining: false,
  doorKey: 'secret',
  ...part,
});
const run = (world: World) => sweep(world.ports, { until: world.clock.monotonic() + 45_000 });

describe('what the clock has ended', () => {
  test.each([
    ['its time', { state: 'open', epoch: 1 } as const, 3_600_000, 'expired'],
    ['a device that acknowledged and then did nothing', {}, 60_000, 'unanswered'],
    [
      'a device that stayed away',
      { state: 'interrupted', interruptedAt: startOfTime } as const,
      5 * 60_000,
      'interrupted',
    ],
  ])('%s', async (_, part, later, reason) => {
    const world = createWorld();
    await world.put({ ...part });
    world.advance(later - 1);
    await run(world);
    expect((await world.ports.tunnels.get(tunnel))?.state).not.toBe('closed');
    world.advance(1);
    await run(world);
    expect(await world.ports.tunnels.get(tunnel)).toMatchObject({ state: 'closed', reason });
    expect(world.changes).toMatchObject([{ kind: 'tunnel_closed', tunnel, reason }]);
    await world.ports.hub.settle();
    expect(world.entries()).toMatchObject([{ kind: 'ended', code: reason, way: 'sweep' }]);
  });

  test('a tunnel that was taken since the sweep looked stays open, where a relay has a slower clock', async () => {
    const world = createWorld();
    await world.put();
    world.advance(60_000);
    const { listDue } = world.ports.tunnels;
    Object.assign(world.ports.tunnels, {
      listDue: async (...given: Parameters<typeof listDue>) => {
        const page = await listDue(...given);
        if (page.rows.length > 0) await world.take(tunnel, { at: startOfTime + 59_000 });
        return page;
      },
    });
    await run(world);
    expect(await world.ports.tunnels.get(tunnel)).toMatchObject({ state: 'open' });
    expect(world.changes).toEqual([]);
  });

  test('250 at once, and one that cannot be written keeps none of the others', async () => {
    const world = createWorld();
    const ids = Array.from({ length: 250 }, (_, index) =>
      [...String(index).padStart(16, '0')].map((digit) => 'abcdefghij'[Number(digit)]).join(''),
    );
    for (const id of ids) await world.put({ id });
    world.advance(3_600_000);
    const { close } = world.ports.tunnels;
    Object.assign(world.ports.tunnels, {
      close: (...given: Parameters<typeof close>) =>
        given[0] === ids[7] ? Promise.reject(new Error('throttled')) : close(...given),
    });
    await expect(run(world)).rejects.toThrow('throttled');
    const rows = await Promise.all(ids.map((id) => world.ports.tunnels.get(id)));
    expect(rows.filter((row) => row?.state === 'closed')).toHaveLength(249);
  });
});

describe('relays', () => {
  test('what a dead one held waits for its device, at the epoch that was seen', async () => {
    const world = createWorld();
    await world.ports.relays.register(relay('raaaaaaaaa'));
    await world.put();
    await world.take(tunnel);
    await run(world);
    world.advance(60_000);
    await run(world);
    expect(await world.ports.tunnels.get(tunnel)).toMatchObject({ state: 'interrupted', epoch: 1 });
  });

  test('one that raises its lease keeps what it holds, however late the sweep is', async () => {
    const world = createWorld();
    await world.ports.relays.register(relay('raaaaaaaaa'));
    await world.put();
    await world.take(tunnel);
    for (let lease = 2; lease < 5; lease += 1) {
      await run(world);
      world.advance(600_000);
      await world.ports.relays.renew('raaaaaaaaa', lease, { sessions: 1, tunnels: 1, channels: 0 }, false);
    }
    await run(world);
    expect(await world.ports.tunnels.get(tunnel)).toMatchObject({ state: 'open' });
  });

  test('a registry that cannot be read ends nothing and keeps nothing from ending', async () => {
    const world = createWorld();
    await world.put();
    world.advance(3_600_000);
    Object.assign(world.ports.relays, { list: () => Promise.reject(new Error('away')) });
    await expect(run(world)).rejects.toThrow('away');
    expect(await world.ports.tunnels.get(tunnel)).toMatchObject({ state: 'closed' });
  });
});

describe('health', () => {
  const two = async (world: World) => {
    await world.ports.relays.register(relay('raaaaaaaaa'));
    await world.ports.relays.register(relay('rbbbbbbbbb'));
  };

  test('two relays and nothing overdue', async () => {
    const world = createWorld();
    await two(world);
    expect(await assessHealth(world.ports)).toEqual({ status: 2, reasons: [] });
  });

  test.each<[string, (world: World) => unknown, number, RegExp]>([
    ['no relay', () => undefined, 0, /no relay is alive/],
    [
      'only dead ones',
      async (world) => {
        await two(world);
        await run(world);
        world.advance(21_000);
      },
      0,
      /no relay is alive/,
    ],
    ['one relay', (world) => world.ports.relays.register(relay('raaaaaaaaa')), 1, /only one relay/],
    [
      'one of two drains',
      async (world) => {
        await two(world);
        await world.ports.relays.renew('rbbbbbbbbb', 2, { sessions: 0, tunnels: 0, channels: 0 }, true);
      },
      1,
      /only one relay/,
    ],
    [
      'one is nearly full',
      async (world) => {
        await two(world);
        await world.ports.relays.renew('rbbbbbbbbb', 2, { sessions: 0, tunnels: 15_000, channels: 0 }, false);
      },
      1,
      /nearly full: rbbbbbbbbb/,
    ],
    [
      'nobody sweeps',
      async (world) => {
        await two(world);
        await world.put();
        world.advance(3_600_000);
      },
      1,
      /the sweep is behind/,
    ],
    [
      'no registry',
      (world) => Object.assign(world.ports.relays, { list: () => Promise.reject(new Error()) }),
      0,
      /registry/,
    ],
    [
      'no tunnels',
      async (world) => {
        await two(world);
        Object.assign(world.ports.tunnels, { listDue: () => Promise.reject(new Error()) });
      },
      0,
      /table of tunnels/,
    ],
  ])('%s', async (_, arrange, status, reason) => {
    const world = createWorld();
    await arrange(world);
    const health = await assessHealth(world.ports);
    expect(health.status).toBe(status);
    expect(health.reasons.join('; ')).toMatch(reason);
  });
});
