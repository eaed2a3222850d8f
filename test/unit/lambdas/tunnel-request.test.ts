import { operatorIdOf } from '../../../core/model/ids.ts';
import { createSignInNotes } from '../../../core/use-cases/note-sign-in.ts';
import { httpHandler } from '../../../lambdas/edge/http.ts';
import { respond } from '../../../lambdas/tunnel-request.ts';
import { createWorld, deviceId, operatorId, startOfTime } from '../use-cases/world.ts';
import { type Asked, ask, claims } from './event.ts';

const route = 'POST /v1/devices/{device}/tunnels';

const ready = async () => {
  const world = createWorld();
  await Promise.all([world.grant(), world.hello()]);
  const ports = { ...world.ports, noteSignIn: createSignInNotes(world.ports) };
  const handler = httpHandler(() => ports, respond);
  const request = (part: Partial<Asked> = {}) =>
    ask(handler, { route, path: { device: deviceId }, body: { service: 'ssh' }, ...part });
  return { ...world, request };
};

describe('a good request', () => {
  test('answers 201 with the tunnel, for nobody else to keep', async () => {
    const { request, ports } = await ready();
    const { status, headers, body } = await request();
    expect(status).toBe(201);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' });
    expect(body).toMatchObject({ operator: operatorId, state: 'opening', allow: ['203.0.113.9/32'], logins: ['root'] });
    expect(await ports.tunnels.get(body.id)).toMatchObject({ origin: 'api' });
  });

  test('notes the sign-in with its groups and its time', async () => {
    const { request, ports } = await ready();
    await request();
    const at = Number(claims.iat) * 1_000;
    expect(await ports.operatorKeys.signIn(operatorId)).toEqual({ id: operatorId, groups: ['field', 'office'], at });
  });

  test('a body in base-64 is the same body', async () => {
    const { request } = await ready();
    expect(await request({ base64: true })).toMatchObject({ status: 201 });
  });

  test('by a role: its own identity, no groups, and an empty allow list', async () => {
    const { request, grant, records } = await ready();
    const id = operatorIdOf('aws:iam:123456789012', 'AROAEXAMPLE');
    const iam = { accountId: '123456789012', userId: 'AROAEXAMPLE:session-1' };
    expect(await request({ iam })).toMatchObject({ status: 404 });
    await grant({ principal: `operator:${id}` });
    expect(await request({ iam })).toMatchObject({ status: 201, body: { operator: id, allow: [] } });
    expect(records.at(-1)).toMatchObject({ operator: id, way: 'iam', source: '203.0.113.9' });
  });

  test('with an Idempotency-Key, twice: one tunnel, the same answer', async () => {
    const { request, commands } = await ready();
    const headers = { 'Idempotency-Key': 'order 66' };
    const first = await request({ headers });
    expect(await request({ headers })).toEqual(first);
    expect(commands).toHaveLength(1);
  });
});

describe('bad input is refused with a pointer, and nothing is written', () => {
  const many = (count: number) => Array.from({ length: count }, () => '192.0.2.1');
  test.each<[string, Partial<Asked>, number, string, string | undefined]>([
    ['malformed JSON', { body: '{"service": ' }, 400, 'invalid_request', ''],
    ['no body', { body: undefined }, 400, 'invalid_request', ''],
    ['null', { body: null }, 400, 'invalid_request', ''],
    ['a list', { body: [] }, 400, 'invalid_request', ''],
    ['not UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'invalid_request', ''],
    ['another content type', { headers: { 'content-type': 'text/xml' } }, 400, 'invalid_request', undefined],
    ['a service that is a number', { body: { service: 22 } }, 400, 'invalid_request', '/service'],
    ['a service and a port', { body: { service: 'ssh', port: 22 } }, 400, 'invalid_request', '/service'],
    ['neither', { body: {} }, 400, 'invalid_request', '/service'],
    ['an unknown field', { body: { service: 'ssh', admin: true } }, 400, 'invalid_request', '/admin'],
    ['a field of the prototype', { body: '{"service":"ssh","__proto__":{}}' }, 400, 'invalid_request', '/__proto__'],
    ['port 0', { body: { port: 0 } }, 400, 'invalid_request', '/port'],
    ['port 65536', { body: { port: 65_536 } }, 400, 'invalid_request', '/port'],
    ['half a port', { body: { port: 22.5 } }, 400, 'invalid_request', '/port'],
    ['a time to live of -1', { body: { service: 'ssh', ttlSeconds: -1 } }, 400, 'invalid_request', '/ttlSeconds'],
    ['a year', { body: { service: 'ssh', ttlSeconds: 31_536_000 } }, 400, 'invalid_request', '/ttlSeconds'],
    ['an idle limit of 5', { body: { service: 'ssh', idleSeconds: 5 } }, 400, 'invalid_request', '/idleSeconds'],
    ['33 ranges', { body: { service: 'ssh', allow: many(33) } }, 400, 'invalid_request', '/allow'],
    ['no range', { body: { service: 'ssh', allow: ['here'] } }, 400, 'invalid_request', '/allow/0'],
    ['the empty prefix', { body: { service: 'ssh', allow: ['::/0'] } }, 400, 'invalid_request', '/allow/0'],
    ['an id of 129 characters', { path: { device: 'x'.repeat(129) } }, 400, 'invalid_request', '/device'],
    ['an id with a slash', { path: { device: 'a/b' } }, 400, 'invalid_request', '/device'],
    ['half an escape', { path: { device: '%E0%A4%A' } }, 400, 'invalid_request', '/device'],
    ['a body of 1 MB', { body: `"${'x'.repeat(1_048_576)}"` }, 413, 'too_large', undefined],
    ['the same in base-64', { body: `"${'x'.repeat(1_048_576)}"`, base64: true }, 413, 'too_large', undefined],
    ['just over 16 KB of wide characters', { body: `"${'é'.repeat(8_192)}"` }, 413, 'too_large', undefined],
    ['a long Idempotency-Key', { headers: { 'idempotency-key': 'x'.repeat(129) } }, 400, 'invalid_request', undefined],
    ['one with a line end', { headers: { 'idempotency-key': 'a\nb' } }, 400, 'invalid_request', undefined],
    ['more than the grant gives', { body: { service: 'ssh', ttlSeconds: 86_400 } }, 403, 'not_granted', '/ttlSeconds'],
  ])('%s', async (_, part, status, code, pointer) => {
    const { request, ports, order } = await ready();
    const answer = await request(part);
    expect(answer).toMatchObject({ status, body: { type: `urn:sallyport:error:${code}`, code, status } });
    expect(answer.body.pointer).toBe(pointer);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(order.filter((step) => !step.startsWith('audit'))).toEqual([]);
    expect((await ports.tunnels.listByOperator(operatorId, { limit: 10 })).rows).toEqual([]);
  });

  test('the same Idempotency-Key with another body', async () => {
    const { request, commands } = await ready();
    const headers = { 'idempotency-key': 'k' };
    await request({ headers });
    const second = await request({ headers, body: { service: 'web' } });
    expect(second).toMatchObject({ status: 409, body: { code: 'idempotency_conflict', retry: false } });
    expect(commands).toHaveLength(1);
  });
});

describe('who asks', () => {
  test.each<[string, Partial<Asked>, number]>([
    ['nobody', { claims: {} }, 401],
    ['a token without a subject', { claims: { ...claims, sub: '' } }, 401],
    ['a token without a time', { claims: { ...claims, iat: 'soon' } }, 401],
    [
      'a token with 51 groups',
      {
        claims: {
          ...claims,
          groups: `[${Array.from({ length: 51 }, (_, n) => `g${n}`).join(' ')}]`,
          'cognito:groups': undefined,
        },
      },
      403,
    ],
    ['groups as JSON', { claims: { ...claims, 'cognito:groups': '["field","x y"]' } }, 201],
    ['groups as an array', { claims: { ...claims, 'cognito:groups': ['field'] } }, 201],
    ['one group', { claims: { ...claims, 'cognito:groups': 'field' } }, 201],
    ['plain `groups`', { claims: { ...claims, 'cognito:groups': undefined, groups: '[field]' } }, 201],
    ['no groups', { claims: { ...claims, 'cognito:groups': '' } }, 404],
    ['a group that only looks alike', { claims: { ...claims, 'cognito:groups': '[fields]' } }, 404],
  ])('%s', async (_, part, status) => {
    const { request } = await ready();
    expect(await request(part)).toMatchObject({ status });
  });
});

describe('what goes wrong here', () => {
  test('is logged with its cause, and the answer says nothing of it', async () => {
    const { request, ports, lines } = await ready();
    Object.assign(ports.grants, {
      of: () => Promise.reject(new Error('secret detail', { cause: new TypeError('deep cause') })),
    });
    const answer = await request();
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toMatch(/secret|cause/);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'request.failed',
        fields: expect.objectContaining({ error: 'Error: secret detail', cause: 'TypeError: deep cause' }),
      }),
    );
  });

  test('a device that is away: 503, when to try again, when it was seen', async () => {
    const { request, mood } = await ready();
    mood.delivery = 'offline';
    expect(await request()).toMatchObject({
      status: 503,
      headers: { 'retry-after': '30' },
      body: { code: 'device_offline', retry: true, lastSeenAt: new Date(startOfTime - 60_000).toISOString() },
    });
  });
});
