import { respond } from '../../../lambdas/device-event.ts';
import { eventHandler } from '../../../lambdas/edge/event.ts';
import { respond as jump } from '../../../lambdas/open-for-jump.ts';
import { respond as byMqtt } from '../../../lambdas/tunnel-request-mqtt.ts';
import {
  createWorld,
  deviceId,
  deviceKeyLine,
  hostilePattern,
  hostileText,
  operatorId,
  startOfTime,
  textIn,
} from '../use-cases/world.ts';

const hello = { v: 1, type: 'hello', key: deviceKeyLine, services: [], agent: '1.0.0' };
const ingested = (message: unknown, part: Record<string, unknown> = {}) => ({
  payload: Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)).toString('base64'),
  device: deviceId,
  clientId: deviceId,
  at: startOfTime,
  ...part,
});

describe("a device's message", () => {
  test('reaches its use case as the broker vouched for it', async () => {
    const { ports } = createWorld();
    await respond(ports, ingested(hello));
    expect(await ports.devices.get(deviceId)).toMatchObject({ clientId: deviceId, helloAt: startOfTime });
  });

  test.each<[string, unknown]>([
    ['not JSON', '{"v":1'],
    ['another version', { ...hello, v: 2 }],
    ['an unknown type', { v: 1, type: 'goodbye' }],
    ['an unknown field', { ...hello, device: 'pump-8' }],
    ['33 services', { ...hello, services: Array.from({ length: 33 }, () => ({ name: 'a', scheme: 'ssh', port: 1 })) }],
    ['a service at port 65536', { ...hello, services: [{ name: 'ssh', scheme: 'ssh', port: 65_536 }] }],
    ['a service with a hostile name', { ...hello, services: [{ name: hostileText, scheme: 'ssh', port: 22 }] }],
    ['a hostile field', { ...hello, [hostileText]: 1 }],
    ['a hostile key', { ...hello, key: hostileText }],
    ['more than 8 KB', { ...hello, agent: 'x'.repeat(9_000) }],
    ['a tunnel id of 129 characters', { v: 1, type: 'closed', tunnel: 'x'.repeat(129) }],
  ])('%s changes nothing, is logged harmless and not tried again', async (_, message) => {
    const { ports, lines, order } = createWorld();
    await respond(ports, ingested(message));
    expect(order).toEqual([]);
    expect(await ports.devices.get(deviceId)).toBeUndefined();
    expect(lines).toMatchObject([{ event: 'device-event.refused', fields: { device: deviceId } }]);
    expect(textIn(lines)).not.toMatch(hostilePattern);
  });

  test('a topic that no device can have is refused, and logged harmless', async () => {
    const { ports, lines } = createWorld();
    await respond(ports, ingested(hello, { device: hostileText }));
    expect(lines).toMatchObject([{ event: 'device-event.refused' }]);
    expect(textIn(lines)).not.toMatch(hostilePattern);
  });

  test('what fails here is thrown on, so that it is tried again', async () => {
    const { ports, mood } = createWorld();
    mood.audit = false;
    const handler = eventHandler(() => ports, respond);
    await expect(handler(ingested(hello))).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('a router', () => {
  const request = { router: 'router-1', operator: operatorId, device: deviceId, service: 'ssh', source: '203.0.113.9' };

  test.each<[string, unknown, string]>([
    ['nothing', null, 'invalid_request'],
    ['an unknown field', { ...request, administrator: true }, 'invalid_request'],
    ['port 0', { ...request, service: 0 }, 'invalid_request'],
    ['a hostile service', { ...request, service: hostileText }, 'invalid_request'],
    ['an operator without a sign-in', request, 'sign_in_expired'],
  ])('that sends %s is answered, not failed', async (_, event, code) => {
    const { ports } = createWorld();
    const answer = await jump(ports, event);
    expect(answer).toMatchObject({ ok: false, code });
    expect(textIn(answer)).not.toMatch(hostilePattern);
  });

  test('that asks well gets the tunnel', async () => {
    const world = createWorld();
    await world.ports.operatorKeys.noteSignIn({ id: operatorId, groups: ['field'], at: startOfTime });
    await Promise.all([world.grant(), world.hello()]);
    world.onCommand.push((command) => {
      if (command.type === 'open') void world.take(command.tunnel);
    });
    expect(await jump(world.ports, request)).toEqual({ ok: true, tunnel: expect.stringMatching(/^[a-z2-7]{16}$/) });
  });
});

test("an operator's request by MQTT is handed on as the broker vouched for it", async () => {
  const { ports, events } = createWorld();
  const message = { v: 1, type: 'request', id: 'r1', device: deviceId, request: { service: 'ssh' } };
  await byMqtt(ports, ingested(message, { operator: operatorId, clientId: `${operatorId}-3` }));
  expect(events).toMatchObject([
    { operator: operatorId, event: { type: 'refused', problem: { code: 'sign_in_expired' } } },
  ]);
});
