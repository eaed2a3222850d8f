import { openForJump } from '../../../core/use-cases/open-for-jump.ts';
import { jumpRequestSchema } from '../../../core/wire/jump-request.ts';
import {
  codeOf,
  createWorld,
  deviceId,
  hostilePattern,
  hostileText,
  operatorId,
  startOfTime,
  textIn,
  type World,
} from './world.ts';

const jump = (world: World, part: Record<string, unknown> = {}) =>
  openForJump(
    world.ports,
    jumpRequestSchema.parse({
      router: 'router-1',
      operator: operatorId,
      groups: ['admins'],
      device: deviceId,
      service: 'ssh',
      source: '203.0.113.9',
      ...part,
    }),
  );

/** A device that dials as soon as it is told. */
const ready = async () => {
  const world = createWorld();
  world.onCommand.push((command) => {
    if (command.type === 'open') void world.take(command.tunnel);
  });
  await world.ports.operatorKeys.noteSignIn({ id: operatorId, groups: ['field'], at: startOfTime - 1_000 });
  await Promise.all([world.grant(), world.hello()]);
  return world;
};

describe('who is let through', () => {
  test('the tunnel opens, recorded as asked for by the operator at the router', async () => {
    const world = await ready();
    const id = await jump(world);
    expect(await world.ports.tunnels.get(id)).toMatchObject({
      state: 'open',
      operator: operatorId,
      origin: 'jump',
      allow: ['203.0.113.9/32'],
    });
    expect(world.entries()).toMatchObject([{ kind: 'allowed', way: 'jump', source: '203.0.113.9', tunnel: id }]);
  });

  test("the groups are the sign-in's, whatever the router says", async () => {
    const world = await ready();
    await world.ports.operatorKeys.noteSignIn({ id: operatorId, groups: ['office'], at: startOfTime });
    expect(await codeOf(jump(world, { groups: ['field'] }))).toBe('not_found');
  });

  test.each([
    ['an operator who has not signed in for 12 hours', {}, 12 * 3_600_000, 'sign_in_expired'],
    ['an operator who never signed in', { operator: 'obbbbbbbbbbbbbbbbbbbbbbbbb' }, 0, 'sign_in_expired'],
    ['somebody who is no operator', { operator: '\u001b[2J' }, 0, 'unauthenticated'],
    ['a device of another world', { device: hostileText }, 0, 'not_found'],
    ['a device without a row', { device: 'pump-8' }, 0, 'not_found'],
    ['a service that is not there', { service: 'db' }, 0, 'unknown_service'],
  ] as const)('%s', async (_, part, later, code) => {
    const world = await ready();
    world.advance(later);
    expect(await codeOf(jump(world, part))).toBe(code);
    await world.ports.hub.settle();
    expect(world.entries()).toMatchObject([{ kind: 'refused', code, way: 'jump' }]);
    expect(textIn([world.records, world.lines])).not.toMatch(hostilePattern);
  });

  test('a source that is no address is on no allow list', async () => {
    const world = await ready();
    const id = await jump(world, { source: 'somewhere' });
    expect(await world.ports.tunnels.get(id)).toMatchObject({ allow: [] });
  });
});

describe('one opening at a time', () => {
  test('ten at once send one command and get one tunnel', async () => {
    const world = await ready();
    const ids = await Promise.all(Array.from({ length: 10 }, () => jump(world)));
    expect(new Set(ids).size).toBe(1);
    expect(world.commands).toHaveLength(1);
  });

  test('a tunnel that lives is found again, by service and by port', async () => {
    const world = await ready();
    const id = await jump(world);
    expect(await jump(world)).toBe(id);
    expect(await jump(world, { service: 22 })).toBe(id);
    expect(await jump(world, { service: 'web' })).not.toBe(id);
  });

  test('a tunnel that lives is not found once the grant has gone', async () => {
    const world = await ready();
    await jump(world);
    await world.ports.grants.remove('group:field', 'grantgrantgrantg');
    expect(await codeOf(jump(world))).toBe('not_found');
  });

  test('others are refused with the one that asked, and the next 2 s too', async () => {
    const world = await ready();
    world.mood.delivery = 'offline';
    expect(await Promise.all([codeOf(jump(world)), codeOf(jump(world))])).toEqual(['device_offline', 'device_offline']);
    expect(await codeOf(jump(world))).toBe('device_offline');
    expect(world.order.filter((step) => step === 'command open')).toHaveLength(1);
    world.mood.delivery = 'acknowledged';
    world.advance(2_000);
    expect(await codeOf(jump(world))).toBe('no refusal');
  });

  test('a device that lost its session is told again, under the same id', async () => {
    const world = await ready();
    const id = await jump(world);
    await world.ports.tunnels.interrupt(id, 1, startOfTime + 1);
    expect(await jump(world)).toBe(id);
    expect(world.commands.map(({ command }) => command)).toMatchObject([
      { type: 'open', tunnel: id },
      { type: 'open', tunnel: id },
    ]);
  });
});

describe('limits', () => {
  test('a device that acknowledges and then does nothing: the answer comes after 7.5 s', async () => {
    const world = await ready();
    world.onCommand.length = 0;
    const before = world.clock.monotonic();
    expect(await codeOf(jump(world))).toBe('timeout');
    expect(world.clock.monotonic() - before).toBeLessThanOrEqual(7_600);
  });

  test('a device that says it failed: its own words', async () => {
    const world = await ready();
    world.onCommand.length = 0;
    world.onCommand.push((command) => {
      if (command.type === 'open')
        void world.ports.tunnels.close(command.tunnel, 'device_failed', { now: startOfTime, detail: 'refused: no' });
    });
    await expect(jump(world)).rejects.toMatchObject({ code: 'device_failed', detail: 'refused: no' });
  });

  test('one router opens at most 200 in 10 s, and another is not touched by it', async () => {
    const world = await ready();
    await jump(world);
    const codes: string[] = [];
    for (let count = 0; count < 400; count += 1) codes.push(await codeOf(jump(world)));
    const allowed = codes.filter((code) => code === 'no refusal').length;
    expect(allowed).toBeLessThan(200);
    expect(allowed).toBeGreaterThan(150);
    expect(codes.filter((code) => code === 'busy').length).toBe(400 - allowed);
    expect(await codeOf(jump(world, { router: 'router-2' }))).toBe('no refusal');
    world.advance(10_000);
    expect(await codeOf(jump(world))).toBe('no refusal');
  });
});
