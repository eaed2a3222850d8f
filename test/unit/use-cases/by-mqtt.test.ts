import { operatorPolicy, policyCharacters } from '../../../core/use-cases/operator-policy.ts';
import { requestByMqtt } from '../../../core/use-cases/request-by-mqtt.ts';
import { tellOperator } from '../../../core/use-cases/tell-operator.ts';
import { createWorld, deviceId, operatorId, otherId, startOfTime, type World } from './world.ts';

const message = { v: 1, type: 'request', id: 'req-1', device: deviceId, request: { service: 'ssh' } };
const ready = async () => {
  const world = createWorld();
  await world.ports.operatorKeys.noteSignIn({ id: operatorId, groups: ['field'], at: startOfTime - 1_000 });
  await Promise.all([world.grant(), world.hello()]);
  return world;
};
const send = (world: World, payload: unknown, from: { operator?: string; clientId?: string } = {}) =>
  requestByMqtt(world.ports, {
    payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)).toString('base64'),
    operator: operatorId,
    clientId: `${operatorId}-0`,
    ...from,
  });

describe('a request by MQTT', () => {
  test('is accepted on the own topic, with an empty allow list', async () => {
    const world = await ready();
    expect(await send(world, message)).toBe('accepted');
    expect(world.events).toMatchObject([
      { operator: operatorId, event: { v: 1, type: 'accepted', id: 'req-1', tunnel: { device: deviceId, allow: [] } } },
    ]);
    expect(world.entries()).toMatchObject([{ kind: 'allowed', way: 'mqtt', operator: operatorId }]);
  });

  test('delivered twice opens one tunnel and says so twice', async () => {
    const world = await ready();
    await send(world, message);
    await send(world, message);
    expect(world.commands).toHaveLength(1);
    expect(world.events[1]).toEqual(world.events[0]);
  });

  test.each<[string, unknown, string]>([
    ['another device', { ...message, device: 'valve-1' }, 'not_found'],
    ['an id of 129 characters', { ...message, device: 'x'.repeat(129) }, 'invalid_request'],
    ['an operator in the payload', { ...message, operator: otherId }, 'invalid_request'],
    ['port 0', { ...message, request: { port: 0 } }, 'invalid_request'],
    ['a message of another version', { ...message, v: 2 }, 'invalid_request'],
  ])('%s is refused on the own topic', async (_, payload, code) => {
    const world = await ready();
    expect(await send(world, payload)).toBe(code);
    expect(world.events).toMatchObject([
      { operator: operatorId, event: { type: 'refused', id: 'req-1', problem: { code } } },
    ]);
    expect(world.commands).toEqual([]);
  });

  test.each<[string, unknown, { operator?: string; clientId?: string }]>([
    ['not JSON', '{', {}],
    ['no id to answer to', { ...message, id: '' }, {}],
    ["another's client id", message, { clientId: `${otherId}-0` }],
    ['no operator', message, { operator: '+' }],
  ])('%s gets no answer', async (_, payload, from) => {
    const world = await ready();
    expect(await send(world, payload, from)).toBe('unanswerable');
    expect(world.events).toEqual([]);
    expect(world.order).toEqual([]);
  });

  test('a sign-in of yesterday does not do', async () => {
    const world = await ready();
    world.advance(12 * 3_600_000);
    expect(await send(world, message)).toBe('sign_in_expired');
    await world.ports.hub.settle();
    expect(world.entries()).toMatchObject([{ kind: 'refused', code: 'sign_in_expired', operator: operatorId }]);
  });
});

test("an operator's policy names that operator's own topics and client ids, within AWS IoT's limit", () => {
  const policy = operatorPolicy(operatorId, 'arn:aws-us-gov:iot:us-gov-west-1:123456789012');
  const text = JSON.stringify(policy);
  expect(text.length).toBeLessThanOrEqual(policyCharacters);
  for (const { Resource } of policy.Statement) for (const one of Resource) expect(one).toContain(operatorId);
  expect(text).not.toContain('*');
  expect(policy.Statement[0]?.Resource).toHaveLength(4);
});

describe('the operator is told', () => {
  test('of what they would see change, and of nothing else', async () => {
    const world = createWorld();
    const before = await world.put();
    const tell = (after: object) =>
      tellOperator(world.ports, { before, after: { ...before, ...after }, at: startOfTime });
    expect(await tell({})).toBe(false);
    expect(await tell({ epoch: 4 })).toBe(false);
    expect(await tell({ state: 'open', holder: { serverId: 'raaaaaaaaa', worker: 0 } })).toBe(true);
    expect(await tell({ allow: [] })).toBe(true);
    expect(await tell({ endsAt: before.endsAt + 1 })).toBe(true);
    expect(await tell({ state: 'closed', reason: 'idle' })).toBe(true);
    expect(world.events.map(({ operator }) => operator)).toEqual(Array(4).fill(operatorId));
    expect(world.events.at(-1)?.event).toMatchObject({
      v: 1,
      type: 'tunnel',
      tunnel: { state: 'closed', reason: 'idle' },
    });
  });
});
