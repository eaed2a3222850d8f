import { changeOwnTunnel } from '../../../core/use-cases/change-own-tunnel.ts';
import { closeOwnTunnel } from '../../../core/use-cases/close-own-tunnel.ts';
import { listTunnels } from '../../../core/use-cases/list-tunnels.ts';
import { tunnelChangeSchema } from '../../../core/wire/api.ts';
import { codeOf, createWorld, deviceId, operator, operatorId, otherId, startOfTime, type World } from './world.ts';

const tunnel = 'aaaaaaaaaaaaaaaa';
const own = { ...operator, administrator: false };
const stranger = { id: otherId, groups: ['field'], administrator: false };
const administrator = { id: otherId, groups: ['field', 'admins'], administrator: true };

const ready = async () => {
  const world = createWorld();
  await Promise.all([world.grant({ maxSeconds: 7_200 }), world.hello(), world.put()]);
  await world.take(tunnel);
  return world;
};

describe('close', () => {
  const close = (world: World, asker: typeof own = own) =>
    closeOwnTunnel(world.ports, { tunnel, asker, way: 'api', source: '203.0.113.9' });

  test('is recorded, done, told to relays and routers, and to the device', async () => {
    const world = await ready();
    expect(await close(world)).toMatchObject({ state: 'closed', reason: 'operator' });
    expect(world.order).toEqual([
      'audit started',
      'audit changed',
      'change tunnel_closed',
      'audit ended',
      'command close',
    ]);
    expect(world.changes).toMatchObject([{ kind: 'tunnel_closed', tunnel, device: deviceId, reason: 'operator' }]);
    expect(world.commands).toMatchObject([{ command: { type: 'close', tunnel, reason: 'operator' } }]);
  });

  test("by an administrator it is the deployment's policy; a stranger finds nothing", async () => {
    const world = await ready();
    expect(await codeOf(close(world, stranger))).toBe('not_found');
    expect(await close(world, administrator)).toMatchObject({ state: 'closed', reason: 'policy' });
  });

  test('closing again answers what it was and does nothing', async () => {
    const world = await ready();
    await close(world);
    const before = world.order.length;
    expect(await close(world, administrator)).toMatchObject({ state: 'closed', reason: 'operator' });
    expect(world.order).toHaveLength(before);
  });

  test.each(['offline', 'silent', 'error'] as const)(
    'a device that cannot be told (%s) holds nothing up',
    async (mood) => {
      const world = await ready();
      world.mood.delivery = mood;
      expect(await close(world)).toMatchObject({ state: 'closed' });
    },
  );

  test('an audit table that is away does not keep a door open', async () => {
    const world = await ready();
    world.mood.audit = false;
    expect(await close(world)).toMatchObject({ state: 'closed' });
    expect(world.lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'audit.unwritten' }));
  });
});

describe('change', () => {
  const change = (world: World, given: Record<string, unknown>, asker: typeof own = own) =>
    changeOwnTunnel(world.ports, { tunnel, operator: asker, change: tunnelChangeSchema.parse(given), way: 'api' });

  test('the allow list, recorded first and told after', async () => {
    const world = await ready();
    expect(await change(world, { allow: ['198.51.100.7/24'] })).toMatchObject({ allow: ['198.51.100.0/24'] });
    expect(world.order).toEqual(['audit started', 'audit changed', 'change tunnel_changed']);
    expect(world.entries()).toMatchObject([{ facts: { allow: '198.51.100.0/24' } }]);
  });

  test('a later end, and the claim rests after it', async () => {
    const world = await ready();
    world.advance(600_000);
    const view = await change(world, { ttlSeconds: 3_600 });
    expect(view.endsAt).toBe(new Date(startOfTime + 4_200_000).toISOString());
    const row = await world.ports.tunnels.get(tunnel);
    const claim = await world.ports.claims.get(row?.port ?? 0, row?.space ?? '');
    expect(claim?.restUntil).toBe(startOfTime + 4_200_000 + 600_000);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['more life in all than a grant gives', { ttlSeconds: 7_201 }, 'not_granted'],
    ['everyone without a grant', { allow: ['everyone'] }, 'not_granted'],
    ['no range', { allow: ['here'] }, 'invalid_request'],
  ])('%s', async (_, given, code) => {
    const world = await ready();
    const before = await world.ports.tunnels.get(tunnel);
    expect(await codeOf(change(world, given))).toBe(code);
    expect(await world.ports.tunnels.get(tunnel)).toEqual(before);
    expect(world.changes).toEqual([]);
  });

  test('an end that moves on and on stays within the grant', async () => {
    const world = await ready();
    world.advance(3_000_000);
    await change(world, { ttlSeconds: 3_600 });
    world.advance(3_500_000);
    expect(await codeOf(change(world, { ttlSeconds: 3_600 }))).toBe('not_granted');
    expect(await change(world, { ttlSeconds: 60 })).toMatchObject({ state: 'open' });
  });

  test('the grants are asked again', async () => {
    const world = await ready();
    await world.ports.grants.remove('group:field', 'grantgrantgrantg');
    expect(await codeOf(change(world, { ttlSeconds: 60 }))).toBe('not_found');
    await world.ports.hub.settle();
    expect(world.entries()).toMatchObject([{ kind: 'refused', action: 'change', code: 'not_found' }]);
  });

  test('not by others, not without its record, not after the end', async () => {
    const world = await ready();
    expect(await codeOf(change(world, { ttlSeconds: 60 }, stranger))).toBe('not_found');
    expect(await codeOf(change(world, { ttlSeconds: 60 }, administrator))).toBe('forbidden');
    world.mood.audit = false;
    expect(await codeOf(change(world, { ttlSeconds: 60 }))).toBe('unavailable');
    world.mood.audit = true;
    world.advance(3_600_000);
    expect(await codeOf(change(world, { ttlSeconds: 60 }))).toBe('tunnel_closed');
  });
});

describe('list', () => {
  const list = (world: World, asker: typeof own, query: { device?: string; operator?: string } = {}) =>
    listTunnels(world.ports, { asker, limit: 50, ...query }).then((page) => page.tunnels.map(({ id }) => id));

  test("one's own; others' for administrators only", async () => {
    const world = await ready();
    await world.put({ id: 'bbbbbbbbbbbbbbbb', operator: otherId, createdAt: startOfTime + 1 });
    expect(await list(world, own)).toEqual([tunnel]);
    expect(await list(world, own, { device: deviceId })).toEqual([tunnel]);
    expect(await list(world, own, { device: 'pump-8' })).toEqual([]);
    expect(await codeOf(list(world, own, { operator: otherId }))).toBe('forbidden');
    expect(await list(world, administrator, { device: deviceId })).toEqual(['bbbbbbbbbbbbbbbb', tunnel]);
    expect(await list(world, administrator, { operator: operatorId })).toEqual([tunnel]);
    expect(await list(world, administrator)).toEqual(['bbbbbbbbbbbbbbbb']);
  });

  test.each([
    [{ device: 'x'.repeat(129) }, 'invalid_request'],
    [{ operator: 'me' }, 'invalid_request'],
  ])('%j: %s', async (query, code) => {
    expect(await codeOf(list(await ready(), own, query))).toBe(code);
  });
});
