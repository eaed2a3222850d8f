import { createMemoryAudit } from '../../../adapters/memory/audit.ts';
import { operatorIdOf } from '../../../core/model/ids.ts';
import { createSignInNotes } from '../../../core/use-cases/note-sign-in.ts';
import { respond as auditList } from '../../../lambdas/audit-list.ts';
import { respond as deviceChange } from '../../../lambdas/device-change.ts';
import { respond as deviceGet } from '../../../lambdas/device-get.ts';
import { respond as deviceList } from '../../../lambdas/device-list.ts';
import type { Call } from '../../../lambdas/edge/call.ts';
import { httpHandler } from '../../../lambdas/edge/http.ts';
import type { Answer } from '../../../lambdas/edge/reply.ts';
import { respond as grants } from '../../../lambdas/grants.ts';
import { respond as health } from '../../../lambdas/health.ts';
import { respond as me } from '../../../lambdas/me.ts';
import { respond as relayList } from '../../../lambdas/relay-list.ts';
import { respond as tunnelChange } from '../../../lambdas/tunnel-change.ts';
import { respond as tunnelClose } from '../../../lambdas/tunnel-close.ts';
import { respond as tunnelGet } from '../../../lambdas/tunnel-get.ts';
import { respond as tunnelList } from '../../../lambdas/tunnel-list.ts';
import { createWorld, deviceId, operatorId, startOfTime } from '../use-cases/world.ts';
import { type Asked, adminClaims, ask, issuer } from './event.ts';

const tunnel = 'aaaaaaaaaaaaaaaa';
const ready = async () => {
  const world = createWorld();
  await Promise.all([world.grant(), world.hello(), world.put()]);
  const ports = { ...world.ports, auditReader: createMemoryAudit(), noteSignIn: createSignInNotes(world.ports) };
  const call = (respond: (given: typeof ports, call: Call) => Promise<Answer>, asked: Asked) =>
    ask(
      httpHandler(() => ports, respond),
      asked,
    );
  return { ...world, ports, call };
};

describe('tunnels', () => {
  test('are shown, listed, changed and closed', async () => {
    const { call } = await ready();
    const path = { tunnel };
    expect(await call(tunnelGet, { route: 'GET /v1/tunnels/{tunnel}', path })).toMatchObject({
      status: 200,
      body: { id: tunnel, state: 'opening' },
    });
    expect(await call(tunnelList, { route: 'GET /v1/tunnels', query: { limit: '1' } })).toMatchObject({
      status: 200,
      body: { tunnels: [{ id: tunnel }] },
    });
    const body = { allow: [] };
    expect(await call(tunnelChange, { route: 'PATCH /v1/tunnels/{tunnel}', path, body })).toMatchObject({
      status: 200,
      body: { allow: [] },
    });
    expect(await call(tunnelClose, { route: 'DELETE /v1/tunnels/{tunnel}', path })).toMatchObject({
      status: 200,
      body: { state: 'closed', reason: 'operator' },
    });
  });

  test.each<[string, Parameters<Awaited<ReturnType<typeof ready>>['call']>, string]>([
    ['a wait of 21 s', [tunnelGet, { route: 'GET', path: { tunnel }, query: { wait: '21' } }], '/wait'],
    ['a wait that is none', [tunnelGet, { route: 'GET', path: { tunnel }, query: { wait: 'long' } }], '/wait'],
    ['an unknown parameter', [tunnelGet, { route: 'GET', path: { tunnel }, query: { watch: '1' } }], '/watch'],
    ['an id of 129 characters', [tunnelGet, { route: 'GET', path: { tunnel: 'x'.repeat(129) } }], '/tunnel'],
    ['a page of 101', [tunnelList, { route: 'GET', query: { limit: '101' } }], '/limit'],
    ['a cursor of ours that is not', [tunnelList, { route: 'GET', query: { cursor: 'e30' } }], '/cursor'],
    ['nothing to change', [tunnelChange, { route: 'PATCH', path: { tunnel }, body: {} }], ''],
    ['a prefix with a wildcard', [deviceList, { route: 'GET', query: { prefix: '*' } }], '/prefix'],
    ['an attribute without a value', [deviceList, { route: 'GET', query: { attribute: 'site' } }], '/attribute'],
    [
      'presence maybe',
      [deviceGet, { route: 'GET', path: { device: deviceId }, query: { presence: '1' } }],
      '/presence',
    ],
  ])('%s', async (_, given, pointer) => {
    const { call } = await ready();
    expect(await call(...given)).toMatchObject({ status: 400, body: { code: 'invalid_request', pointer } });
  });
});

describe('devices and relays', () => {
  test('are listed and shown', async () => {
    const { call, ports } = await ready();
    await ports.devices.change(deviceId, { attributes: { site: 'a=b' } }).catch(() => undefined);
    expect(await call(deviceList, { route: 'GET /v1/devices', query: { prefix: 'pump' } })).toMatchObject({
      status: 200,
      body: { devices: [{ id: deviceId }] },
    });
    expect(
      await call(deviceGet, { route: 'GET', path: { device: deviceId }, query: { presence: 'true' } }),
    ).toMatchObject({ status: 200, body: { id: deviceId, presence: { connected: true } } });
    await ports.relays.register({
      serverId: 'raaaaaaaaa',
      address: '10.0.0.1',
      doors: [7_000, 7_001],
      lease: 4,
      load: { sessions: 1, tunnels: 1, channels: 0 },
      version: '1.0.0',
      startedAt: startOfTime,
      draining: false,
      doorKey: 'the door key',
    });
    const relays = await call(relayList, { route: 'GET /v1/relays' });
    expect(relays).toMatchObject({
      status: 200,
      body: { relays: [{ serverId: 'raaaaaaaaa', workers: 2, alive: true }] },
    });
    expect(JSON.stringify(relays)).not.toMatch(/door key|10\.0\.0\.1/);
    expect(await call(health, { route: 'GET /v1/health' })).toMatchObject({
      status: 200,
      body: { status: 1, reasons: ['only one relay is alive'] },
    });
  });
});

describe('administration', () => {
  const grant = { principal: 'group:ops', devices: '*', services: ['ssh'] };
  test.each<[string, Parameters<Awaited<ReturnType<typeof ready>>['call']>]>([
    ['a grant', [grants, { route: 'POST /v1/grants', body: grant }]],
    ['a list of grants', [grants, { route: 'GET /v1/grants', query: { principal: 'group:ops' } }]],
    [
      'a change of a device',
      [deviceChange, { route: 'PATCH /v1/devices/{device}', path: { device: deviceId }, body: { frozen: true } }],
    ],
  ])('%s is for administrators; who else tries is recorded', async (_, [respond, asked]) => {
    const { call, ports, entries, changes } = await ready();
    expect(await call(respond, asked)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await ports.hub.settle();
    expect(entries()).toMatchObject([
      { kind: 'refused', code: 'forbidden', operator: operatorId, action: asked.route },
    ]);
    expect(changes).toEqual([]);
    expect((await call(respond, { ...asked, claims: adminClaims })).status).toBeLessThan(300);
  });

  test('a grant is made, listed and removed', async () => {
    const { call } = await ready();
    const by = { claims: adminClaims };
    const made = await call(grants, { route: 'POST /v1/grants', body: grant, ...by });
    expect(made).toMatchObject({ status: 201, body: { ...grant, createdBy: operatorIdOf(issuer, 'root') } });
    const list = () => call(grants, { route: 'GET /v1/grants', query: { principal: 'group:ops' }, ...by });
    expect(await list()).toMatchObject({ body: { grants: [made.body] } });
    const path = { principal: encodeURIComponent('group:ops'), id: made.body.id };
    expect(await call(grants, { route: 'DELETE /v1/grants/{principal}/{id}', path, ...by })).toMatchObject({
      status: 204,
      body: undefined,
    });
    expect(await list()).toMatchObject({ body: { grants: [] } });
    expect(await call(grants, { route: 'PUT /v1/grants', ...by })).toMatchObject({ status: 405 });
  });

  test.each([
    [{ ...grant, principal: 'everybody' }, '/principal'],
    [{ ...grant, principal: 'operator:o1' }, '/principal'],
    [{ ...grant, services: [] }, '/services'],
    [{ ...grant, devices: 'pump.*' }, '/devices'],
    [{ ...grant, logins: ['-oProxyCommand=x'] }, '/logins/0'],
    [{ ...grant, endsAt: 'tomorrow' }, '/endsAt'],
    [{ ...grant, admin: true }, '/admin'],
  ])('no grant of %j', async (body, pointer) => {
    const { call, order } = await ready();
    expect(await call(grants, { route: 'POST /v1/grants', body, claims: adminClaims })).toMatchObject({
      status: 400,
      body: { pointer },
    });
    expect(order).toEqual([]);
  });

  test('audit records are read by device or by operator, by administrators', async () => {
    const { call, ports } = await ready();
    await ports.auditReader.append({
      v: 1,
      chain: 'test-1',
      seq: 1,
      at: startOfTime,
      previous: '0'.repeat(64),
      hash: 'f'.repeat(64),
      kind: 'refused',
      action: 'request',
      device: deviceId,
    });
    const list = (query: Record<string, string>, claims = adminClaims) =>
      call(auditList, { route: 'GET /v1/audit', query, claims });
    expect(await list({ device: deviceId })).toMatchObject({
      status: 200,
      body: { records: [{ seq: 1, time: '2026-11-21T12:00:00.000Z' }] },
    });
    expect(await list({ operator: operatorId })).toMatchObject({ body: { records: [] } });
    expect(await list({})).toMatchObject({ status: 400 });
    expect(await list({ device: deviceId, operator: operatorId })).toMatchObject({ status: 400 });
    expect(await list({ device: deviceId }, { ...adminClaims, 'cognito:groups': '' })).toMatchObject({ status: 403 });
  });
});

describe('me', () => {
  test('who I am, and that is a sign-in', async () => {
    const { call, ports } = await ready();
    expect(await call(me, { route: 'GET /v1/me' })).toMatchObject({
      status: 200,
      body: { operator: operatorId, groups: ['field', 'office'], administrator: false },
    });
    expect(await ports.operatorKeys.signIn(operatorId)).toMatchObject({ groups: ['field', 'office'] });
    expect(await call(me, { route: 'GET /v1/me', claims: adminClaims })).toMatchObject({
      body: { administrator: true },
    });
  });

  test('my keys', async () => {
    const { call } = await ready();
    expect(await call(me, { route: 'POST /v1/me/keys/challenges' })).toMatchObject({
      status: 201,
      body: { namespace: 'sallyport', challenge: expect.stringMatching(/^[a-z2-7]{32}$/) },
    });
    expect(await call(me, { route: 'GET /v1/me/keys' })).toMatchObject({ body: { keys: [] } });
    const path = { fingerprint: 'SHA256%3Aabc' };
    expect(await call(me, { route: 'DELETE /v1/me/keys/{fingerprint}', path })).toMatchObject({ status: 404 });
    expect(await call(me, { route: 'POST /v1/me/keys', body: { publicKey: 'x' } })).toMatchObject({
      status: 400,
      body: { pointer: '/challenge' },
    });
    expect(await call(me, { route: 'PUT /v1/me' })).toMatchObject({ status: 405 });
  });
});
