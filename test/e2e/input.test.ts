import { createHash } from 'node:crypto';
import { toBase32 } from '../../core/model/base32.ts';
import type { DeviceView } from '../../core/wire/device-view.ts';
import type { OperatorEvent } from '../../core/wire/operator-event.ts';
import { mustCall } from '../../local/system/local-operator.ts';
import { recordThat } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { connectOperator, type OperatorMqtt } from '../support/operator-mqtt.ts';
import { rowCounts } from '../support/row-counts.ts';
import { logOf, startTestSystem, type TestDevice, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// Bad input is told apart, says which field is wrong, and leaves nothing behind.

const year = 365 * 24 * 3_600;
const tooLong = 'p'.repeat(129);
const tunnels = '/v1/devices/pump-7/tunnels';
/** What is wrong, the call, and the answer: status, code, pointer. */
type Case = readonly [string, string, string, unknown, number, string, string | undefined];

const cases: readonly Case[] = [
  ['JSON that is none', 'POST', tunnels, '{"service":', 400, 'invalid_request', ''],
  ['nothing at all', 'POST', tunnels, '', 400, 'invalid_request', ''],
  ['no object', 'POST', tunnels, [], 400, 'invalid_request', ''],
  ['neither service nor port', 'POST', tunnels, {}, 400, 'invalid_request', '/service'],
  ['both', 'POST', tunnels, { service: 'ssh', port: 22 }, 400, 'invalid_request', '/service'],
  ['a service of a wrong type', 'POST', tunnels, { service: 22 }, 400, 'invalid_request', '/service'],
  ['a port of a wrong type', 'POST', tunnels, { port: '22' }, 400, 'invalid_request', '/port'],
  ['port 0', 'POST', tunnels, { port: 0 }, 400, 'invalid_request', '/port'],
  ['port 65536', 'POST', tunnels, { port: 65_536 }, 400, 'invalid_request', '/port'],
  ['half a port', 'POST', tunnels, { port: 22.5 }, 400, 'invalid_request', '/port'],
  ['a life of -1', 'POST', tunnels, { service: 'ssh', ttlSeconds: -1 }, 400, 'invalid_request', '/ttlSeconds'],
  ['a life of a year', 'POST', tunnels, { service: 'ssh', ttlSeconds: year }, 400, 'invalid_request', '/ttlSeconds'],
  ['an idle limit of -1', 'POST', tunnels, { service: 'ssh', idleSeconds: -1 }, 400, 'invalid_request', '/idleSeconds'],
  ['no address', 'POST', tunnels, { service: 'ssh', allow: ['::1', 'here'] }, 400, 'invalid_request', '/allow/1'],
  ['an unknown field', 'POST', tunnels, { service: 'ssh', sevice: 'web' }, 400, 'invalid_request', '/sevice'],
  [
    'a device of 129 characters',
    'POST',
    `/v1/devices/${tooLong}/tunnels`,
    { service: 'ssh' },
    400,
    'invalid_request',
    '/device',
  ],
  ['the same to read', 'GET', `/v1/devices/${tooLong}`, undefined, 400, 'invalid_request', '/device'],
  ['the same to change', 'PATCH', `/v1/devices/${tooLong}`, { frozen: true }, 400, 'invalid_request', '/device'],
  ['a tunnel of 129 characters', 'GET', `/v1/tunnels/${tooLong}`, undefined, 400, 'invalid_request', '/tunnel'],
  ['the same to close', 'DELETE', `/v1/tunnels/${tooLong}`, undefined, 400, 'invalid_request', '/tunnel'],
  ['a wait of a minute', 'GET', `/v1/tunnels/${'a'.repeat(16)}?wait=60`, undefined, 400, 'invalid_request', '/wait'],
  ['a page of 1,000', 'GET', '/v1/devices?limit=1000', undefined, 400, 'invalid_request', '/limit'],
  ['a cursor that is none', 'GET', '/v1/devices?cursor=nonsense', undefined, 400, 'invalid_request', '/cursor'],
  ['an unknown parameter', 'GET', '/v1/devices?colour=red', undefined, 400, 'invalid_request', '/colour'],
  ['1 MB', 'POST', tunnels, { service: 'ssh', allow: ['x'.repeat(1_000_000)] }, 413, 'too_large', undefined],
  ['1 MB of a grant', 'POST', '/v1/grants', { principal: 'x'.repeat(1_000_000) }, 413, 'too_large', undefined],
  [
    'a grant to nobody',
    'POST',
    '/v1/grants',
    { principal: 'ada', devices: '*', services: ['ssh'] },
    400,
    'invalid_request',
    '/principal',
  ],
  ['no SSH key', 'PATCH', '/v1/devices/pump-7', { keys: ['ssh-ed25519 AAAA'] }, 400, 'invalid_request', '/keys/0'],
  [
    'an attribute of a wrong type',
    'PATCH',
    '/v1/devices/pump-7',
    { attributes: { site: 7 } },
    400,
    'invalid_request',
    '/attributes/site',
  ],
  ['a device that is not there', 'POST', '/v1/watches', { device: 'a b' }, 400, 'invalid_request', '/device'],
  ['a service that is not there', 'POST', tunnels, { service: 'telnet' }, 404, 'unknown_service', undefined],
  ['a tunnel that is not there', 'DELETE', `/v1/tunnels/${'a'.repeat(16)}`, undefined, 404, 'not_found', undefined],
];

describeWith(['ssh', 'ssh-keygen', 'sshd'], 'bad input', () => {
  let system: TestSystem;
  let ada: OperatorMqtt;

  beforeAll(async () => {
    system = await startTestSystem();
    await system.device('pump-7');
    ada = await connectOperator(system, system.ada);
  }, 120_000);
  afterAll(async () => {
    await ada?.close();
    await system?.stop();
  }, 60_000);

  test.each(cases)('%s: %s', async (...one) => {
    const [, method, path, body, status, code, pointer] = one;
    const before = await rowCounts(system);
    const answer = await system.ada.call(method, path, body);
    expect(answer).toMatchObject({
      status,
      body: {
        status,
        code,
        type: `urn:sallyport:error:${code}`,
        title: expect.any(String),
        detail: expect.any(String),
      },
    });
    expect(answer.body.pointer).toBe(pointer);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    // A refusal by what stands in the tables is an access decision, which leaves its record and nothing else.
    const { audit: _refusals, ...others } = await rowCounts(system);
    const { audit, ...unchanged } = before;
    expect(status === 404 ? others : { ...others, audit: _refusals }).toEqual(
      status === 404 ? unchanged : { ...unchanged, audit },
    );
  });

  test('the same Idempotency-Key with another body is a conflict; with the same body one answer', async () => {
    const headers = { 'idempotency-key': 'order 4711' };
    const first = await system.ada.call('POST', tunnels, { service: 'web' }, headers);
    expect(first.status).toBe(201);
    const { id } = first.body;
    await mustCall(system.ada, 'GET', `/v1/tunnels/${String(id)}?wait=20`);
    // The relay records the take once the tunnel's row says open.
    await recordThat(system.ada, 'pump-7', ({ action, tunnel }) => action === 'forward' && tunnel === id);
    const before = await rowCounts(system);
    const conflict = await system.ada.call('POST', tunnels, { service: 'ssh' }, headers);
    expect(conflict).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    const again = await system.ada.call('POST', tunnels, { service: 'web' }, headers);
    expect(again).toMatchObject({ status: 201, body: first.body });
    const control = await system.ada.call('POST', tunnels, { service: 'web' }, { 'idempotency-key': 'x'.repeat(129) });
    expect(control).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await rowCounts(system)).toEqual(before);
  });

  describe('by MQTT', () => {
    type Answer = Exclude<OperatorEvent, { readonly type: 'tunnel' }>;
    const answerTo = (id: string) => ada.event((event): event is Answer => event.type !== 'tunnel' && event.id === id);
    const ask = (id: string, more: object = {}) => ({
      ...{ v: 1, type: 'request', id, device: 'pump-7', request: { service: 'web' } },
      ...more,
    });

    test.each([
      ['an unknown field', 'a1', { colour: 'red' }, 'invalid_request', '/colour'],
      ['an identity in the payload', 'a2', { operator: `o${'a'.repeat(25)}` }, 'invalid_request', '/operator'],
      ['groups in the payload', 'a3', { groups: ['sallyport-admins'] }, 'invalid_request', '/groups'],
      ['another version', 'a4', { v: 2 }, 'invalid_request', '/v'],
      ['a device of 129 characters', 'a5', { device: tooLong }, 'invalid_request', '/device'],
      ['port 0', 'a6', { request: { port: 0 } }, 'invalid_request', '/request/port'],
      [
        'a life of a year',
        'a7',
        { request: { service: 'web', ttlSeconds: year } },
        'invalid_request',
        '/request/ttlSeconds',
      ],
    ])('%s', async (_name, id, more, code, pointer) => {
      const before = await rowCounts(system);
      await ada.ask(ask(id, more));
      expect(await answerTo(id)).toMatchObject({ type: 'refused', id, problem: { code, pointer } });
      expect(await rowCounts(system)).toEqual(before);
    });

    test('what cannot be answered is dropped, and only noted', async () => {
      const before = await rowCounts(system);
      const noted = () =>
        logOf(system, 'functions').match(/"event":"mqtt.request".*"outcome":"unanswerable"/g)?.length ?? 0;
      const earlier = noted();
      const heard = ada.heard.length;
      await ada.ask('{"v":1,');
      await ada.ask('\u001b[31m');
      await ada.ask(ask('no id can be like this'));
      await ada.ask('[1]');
      await eventually(() => (noted() === earlier + 4 ? true : undefined), 'a line for each of the four');
      expect(ada.heard).toHaveLength(heard);
      expect(await rowCounts(system)).toEqual(before);
    });

    test('a good one is of the operator whose topic it came by', async () => {
      await ada.ask(ask('b1'));
      expect(await answerTo('b1')).toMatchObject({
        type: 'accepted',
        tunnel: { operator: ada.operator, service: 'web' },
      });
    });
  });

  describe('a device id that is no DNS label is no bad input', () => {
    test.each([
      ['upper case and a colon', 'Plant:7_PUMP'],
      ['more than 63 characters', `pump-${'7'.repeat(100)}`],
      ['the shape of a server id', 'rabcdefghi'],
    ])(
      '%s',
      async (_name, id) => {
        const label = `d-${toBase32(createHash('sha256').update(id).digest()).slice(0, 10)}`;
        const device: TestDevice = await system.device(id);
        const path = `/v1/devices/${encodeURIComponent(id)}`;
        expect(await mustCall<DeviceView>(system.ada, 'GET', path)).toMatchObject({ id, label });
        const tunnel = await system.open(id, { service: 'web' });
        expect(tunnel).toMatchObject({ device: id, state: 'open' });
        expect(tunnel.names).toContain(`web--${label}.${system.domain}`);

        await system.writeSshConfig();
        const login = `${device.machine.ready.login}@${label}.${system.domain}`;
        const { code, out, err } = await system.ssh([login, 'echo "$SSH_CONNECTION"']);
        expect({ code, err }).toEqual({ code: 0, err: '' });
        expect(out).toMatch(new RegExp(` ${device.machine.ready.sshPort}\\n$`));
        await device.agent.stop();
      },
      30_000,
    );
  });
});
