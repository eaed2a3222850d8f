import { changeDevice } from '../../../core/use-cases/change-device.ts';
import { makeGrant, removeGrant } from '../../../core/use-cases/manage-grants.ts';
import { getDevice, listDevices } from '../../../core/use-cases/show-devices.ts';
import { deviceChangeSchema, grantSchema } from '../../../core/wire/api.ts';
import { codeOf, createWorld, deviceId, deviceKeyLine, operator, otherId, startOfTime, type World } from './world.ts';

const asking = { administrator: otherId, way: 'api', source: '203.0.113.9' };
const asker = { ...operator, administrator: false };
const administrator = { id: otherId, groups: ['admins'], administrator: true };

describe('grants', () => {
  const wanted = grantSchema.parse({
    principal: 'group:field',
    devices: 'pump-*',
    services: ['ssh'],
    endsAt: '2026-12-01T00:00:00Z',
  });

  test('one is recorded, then made', async () => {
    const world = createWorld();
    const view = await makeGrant(world.ports, asking, { request: wanted });
    expect(view).toMatchObject({ principal: 'group:field', endsAt: '2026-12-01T00:00:00.000Z', createdBy: otherId });
    expect(await world.ports.grants.of(['group:field'])).toMatchObject([
      { id: view.id, endsAt: Date.UTC(2026, 11, 1) },
    ]);
    expect(world.entries()).toMatchObject([{ kind: 'changed', action: 'grant.make', operator: otherId }]);
  });

  test('none is made while it cannot be recorded', async () => {
    const world = createWorld();
    world.mood.audit = false;
    expect(await codeOf(makeGrant(world.ports, asking, { request: wanted }))).toBe('unavailable');
    expect(await world.ports.grants.of(['group:field'])).toEqual([]);
  });

  test('the same key makes one grant; with other content it is a conflict', async () => {
    const world = createWorld();
    const first = await makeGrant(world.ports, asking, { request: wanted, idempotencyKey: 'k' });
    world.advance(1_000);
    expect(await makeGrant(world.ports, asking, { request: wanted, idempotencyKey: 'k' })).toEqual(first);
    const other = { ...wanted, maxSeconds: 60 };
    expect(await codeOf(makeGrant(world.ports, asking, { request: other, idempotencyKey: 'k' }))).toBe(
      'idempotency_conflict',
    );
    expect(await world.ports.grants.of(['group:field'])).toHaveLength(1);
  });

  test('one that is removed is gone, and routers are told', async () => {
    const world = createWorld();
    const { id } = await makeGrant(world.ports, asking, { request: wanted });
    await removeGrant(world.ports, asking, { principal: 'group:field', id });
    expect(await world.ports.grants.of(['group:field'])).toEqual([]);
    expect(world.changes).toMatchObject([{ kind: 'grant_narrowed', principal: 'group:field' }]);
    expect(await codeOf(removeGrant(world.ports, asking, { principal: 'group:field', id }))).toBe('not_found');
    expect(await codeOf(removeGrant(world.ports, asking, { principal: 'group:field', id: 'x' }))).toBe(
      'invalid_request',
    );
  });
});

describe('a device is changed', () => {
  const change = (world: World, given: Record<string, unknown>, device = deviceId) =>
    changeDevice(world.ports, { ...asking, device, change: deviceChangeSchema.parse(given) });

  test.each<[Record<string, unknown>, object, string[]]>([
    [{ attributes: { site: 'north' } }, { attributes: { site: 'north' } }, ['device_changed']],
    [{ frozen: true }, { frozen: true }, ['device_frozen']],
    [{ frozen: false }, { frozen: false }, []],
    [{ keys: [`${deviceKeyLine} note`] }, { keys: { stock: [expect.stringMatching(/^SHA256:/)] } }, ['device_keys']],
  ])('%j', async (given, view, kinds) => {
    const world = createWorld();
    await world.hello();
    expect(await change(world, given)).toMatchObject(view);
    expect(world.changes.map(({ kind }) => kind)).toEqual(kinds);
    expect(world.entries()).toMatchObject([{ kind: 'changed', action: 'device.change', device: deviceId }]);
  });

  test('pending host keys are accepted', async () => {
    const world = createWorld();
    await world.hello({ hostKeys: ['ssh-ed25519 old'] });
    world.advance(20_000);
    await world.hello({ hostKeys: ['ssh-ed25519 new'] });
    const asked = { device: deviceId, asker: administrator, presence: false };
    expect(await getDevice(world.ports, asked)).toMatchObject({ pendingHostKeys: ['ssh-ed25519 new'] });
    expect(await change(world, { acceptHostKeys: true })).toMatchObject({ hostKeys: ['ssh-ed25519 new'] });
    expect(await getDevice(world.ports, asked)).not.toHaveProperty('pendingHostKeys');
  });

  test.each<[Record<string, unknown>, string, string]>([
    [{ keys: ['ssh-dss AAAA'] }, deviceId, 'invalid_request'],
    [{ frozen: true }, 'x'.repeat(129), 'invalid_request'],
  ])('%j of %.10s is refused and does nothing', async (given, device, code) => {
    const world = createWorld();
    expect(await codeOf(change(world, given, device))).toBe(code);
    expect(world.order).toEqual([]);
  });

  test('while nothing can be recorded only freezing goes through', async () => {
    const world = createWorld();
    await world.hello();
    world.mood.audit = false;
    expect(await codeOf(change(world, { frozen: true, attributes: {} }))).toBe('unavailable');
    expect(await codeOf(change(world, { keys: [] }))).toBe('unavailable');
    expect(await change(world, { frozen: true })).toMatchObject({ frozen: true });
    expect(world.changes).toMatchObject([{ kind: 'device_frozen' }]);
  });
});

describe('devices are shown', () => {
  const ready = async () => {
    const world = createWorld();
    for (const id of ['pump-1', 'pump-2', 'valve-1']) await world.hello({ id });
    return world;
  };
  const list = (world: World, who: typeof asker, query: { prefix?: string; limit?: number; cursor?: string } = {}) =>
    listDevices(world.ports, { limit: 50, ...query, asker: who });

  test('all of them to administrators, to others those that a grant reaches', async () => {
    const world = await ready();
    const ids = async (who: typeof asker) => (await list(world, who)).devices.map(({ id }) => id);
    expect(await ids(administrator)).toEqual(['pump-1', 'pump-2', 'valve-1']);
    expect(await ids(asker)).toEqual([]);
    await world.grant();
    expect(await ids(asker)).toEqual(['pump-1', 'pump-2']);
  });

  test('a page holds what of it may be seen, and leads on', async () => {
    const world = await ready();
    await world.grant({ devices: 'valve-*' });
    const first = await list(world, asker, { limit: 2 });
    expect(first).toMatchObject({ devices: [], cursor: expect.any(String) });
    expect(await list(world, asker, { limit: 2, cursor: first.cursor ?? '' })).toMatchObject({
      devices: [{ id: 'valve-1' }],
    });
  });

  test('one, with its presence when asked', async () => {
    const world = await ready();
    await world.grant();
    const get = (device: string, presence = false, who = asker) =>
      getDevice(world.ports, { device, asker: who, presence });
    expect(await get('pump-1')).not.toHaveProperty('presence');
    expect(await get('pump-1', true)).toMatchObject({
      presence: { connected: true, since: new Date(startOfTime - 1_000).toISOString() },
    });
    expect(await codeOf(get('valve-1'))).toBe('not_found');
    expect(await codeOf(get('pump-9'))).toBe('not_found');
    expect(await codeOf(get('x'.repeat(129)))).toBe('invalid_request');
    expect(await get('valve-1', false, administrator)).toMatchObject({ id: 'valve-1' });
  });

  test('by prefix or by attribute, not by both', async () => {
    const world = await ready();
    const both = { prefix: 'p', attribute: { name: 'a', value: 'b' }, limit: 1, asker: administrator };
    expect(await codeOf(listDevices(world.ports, both))).toBe('invalid_request');
  });
});
