import { request as httpRequest } from 'node:http';
import { ApiDefinitions, type Route } from '../../../local/http-api/api-definition.ts';
import { GatewayRefusal } from '../../../local/http-api/gateway-refusal.ts';
import { startHttpApi } from '../../../local/http-api/http-api.ts';
import type { OutcomeMessage } from '../../../local/lambda/invocation.ts';
import { LambdaError } from '../../../local/lambda/lambda-error.ts';
import { startTokenIssuer, type TokenIssuer } from '../../../local/token-issuer/token-issuer.ts';

type Event = Readonly<Record<string, unknown>> & { readonly requestContext: Readonly<Record<string, unknown>> };

let issuer: TokenIssuer;
let other: TokenIssuer;
let url: string;
let close: () => Promise<void>;
let invoked: { event: Event; source: string }[] = [];
let answer: (event: Event) => Promise<OutcomeMessage>;
const access: string[] = [];

const replies = (value: unknown) => async (): Promise<OutcomeMessage> => ({
  kind: 'answer',
  payload: JSON.stringify(value),
});

beforeAll(async () => {
  issuer = await startTokenIssuer({ audience: 'sallyport' });
  other = await startTokenIssuer({ audience: 'sallyport', issuer: issuer.issuer });
  const definitions = new ApiDefinitions(async (api) => {
    const running = await startHttpApi({
      api,
      account: '000000000000',
      region: 'us-east-1',
      keysOf: () => issuer.keys,
      checkIam: async ({ headers }) => {
        if (headers.authorization === undefined) throw new GatewayRefusal(403, 'not signed');
        return {
          accessKey: 'ASIA',
          accountId: '000000000000',
          callerId: 'AROA:me',
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: 'arn:aws:sts::000000000000:assumed-role/r/me',
          userId: 'AROA:me',
        };
      },
      invoke: (_, payload, source) => {
        const event = JSON.parse(payload) as Event;
        invoked.push({ event, source });
        return answer(event);
      },
      onAccess: (line) => access.push(line),
    });
    close = running.close;
    return running.url;
  });
  url = await definitions.addApi({ id: 'api1', name: 'test', logicalId: 'Api' });
  definitions.addIntegration('api1', { id: 'i', functionArn: 'f', timeoutMilliseconds: 200 });
  const authorizer = {
    identitySource: '$request.header.Authorization',
    issuer: issuer.issuer,
    audience: ['sallyport'],
  };
  definitions.addAuthorizer('api1', { id: 'jwt', ...authorizer });
  const route = (routeKey: string, more: Partial<Route> = {}): void =>
    definitions.addRoute('api1', {
      id: routeKey,
      routeKey,
      integrationId: 'i',
      authorization: 'JWT',
      authorizerId: 'jwt',
      scopes: [],
      ...more,
    });
  route('GET /v1/devices/{device}');
  route('POST /v1/devices/{device}/tunnels');
  route('GET /scoped', { scopes: ['read', 'write'] });
  route('GET /iam/{x}', { authorization: 'AWS_IAM' });
  route('GET /open', { authorization: 'NONE' });
  route('GET /slow', { authorization: 'NONE' });
  route('GET /limited', { authorization: 'NONE' });
  definitions.setStage('api1', {
    routeLimits: new Map([['GET /limited', { burst: 2, perSecond: 0.001 }]]),
    accessLogFormat: '{"route":"$context.routeKey","status":"$context.status","why":"$context.authorizer.error"}',
  });
});

afterAll(() => Promise.all([close(), issuer.close(), other.close()]));
beforeEach(() => {
  invoked = [];
  answer = replies({ statusCode: 200, body: 'well' });
});

const get = (path: string, token?: string) =>
  fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

describe('the HTTP API', () => {
  test('hands a request over in payload format 2.0', async () => {
    const token = await issuer.token('ada', { groups: ['admins', 'field crew'], claims: { deep: { a: 1 } } });
    const response = await fetch(`${url}/v1/devices/pump%207/tunnels?a=1&b=x&a=2`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        cookie: 'one=1; two=2',
        'X-Mixed': 'Case',
      },
      body: '{"service":"ssh"}',
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('well');
    const [{ event, source } = { event: {} as Event, source: '' }] = invoked;
    expect(source).toBe('arn:aws:execute-api:us-east-1:000000000000:api1/$default/POST/v1/devices/{device}/tunnels');
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /v1/devices/{device}/tunnels',
      rawQueryString: 'a=1&b=x&a=2',
      queryStringParameters: { a: '1,2', b: 'x' },
      pathParameters: { device: 'pump 7' },
      cookies: ['one=1', 'two=2'],
      body: '{"service":"ssh"}',
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        apiId: 'api1',
        stage: '$default',
        http: { method: 'POST', sourceIp: '127.0.0.1', protocol: 'HTTP/1.1' },
        authorizer: {
          jwt: {
            claims: {
              iss: issuer.issuer,
              sub: 'ada',
              aud: 'sallyport',
              groups: '[admins field crew]',
              deep: '{"a":1}',
            },
            scopes: null,
          },
        },
      },
    });
    expect(event.headers).toMatchObject({ 'x-mixed': 'Case' });
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    const claims = JSON.stringify(event.requestContext.authorizer);
    expect(claims).toMatch(/"exp":"\d+"/);
  });

  test('bodies that are no text travel as base64, both ways', async () => {
    answer = replies({
      statusCode: 201,
      isBase64Encoded: true,
      body: '/wA=',
      headers: { 'Content-Type': 'image/x' },
      cookies: ['a=1', 'b=2'],
    });
    const token = await issuer.token('ada');
    const response = await fetch(`${url}/v1/devices/d/tunnels`, {
      method: 'POST',
      headers: { authorization: token, 'content-type': 'application/octet-stream' },
      body: Buffer.from([255, 1]),
    });
    expect(invoked[0]?.event).toMatchObject({ body: '/wE=', isBase64Encoded: true });
    expect(response.status).toBe(201);
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([255, 0]);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('content-type')).toBe('image/x');
  });

  test.each<[string, () => Promise<string | undefined>]>([
    ['no token', async () => undefined],
    ['something else', async () => 'nonsense'],
    ['an expired token', () => issuer.token('ada', { lifetime: -1 })],
    ['a token for somebody else', () => issuer.token('ada', { audience: 'other' })],
    ['a token by another key', () => other.token('ada')],
  ])('%s is 401', async (_, make) => {
    const response = await get('/v1/devices/d', await make());
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ message: 'Unauthorized' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(invoked).toEqual([]);
    expect(access.at(-1)).toMatch(/^{"route":"GET \/v1\/devices\/{device}","status":"401","why":".+"}$/);
  });

  test('a route with scopes wants one of them', async () => {
    expect((await get('/scoped', await issuer.token('ada', { claims: { scope: 'delete' } }))).status).toBe(403);
    expect((await get('/scoped', await issuer.token('ada', { claims: { scope: 'write x' } }))).status).toBe(200);
    expect(invoked[0]?.event.requestContext).toMatchObject({ authorizer: { jwt: { scopes: ['write'] } } });
  });

  test('an IAM route tells who signed, and refuses who did not', async () => {
    const refused = await get('/iam/a');
    expect([refused.status, await refused.json()]).toEqual([403, { message: 'Forbidden' }]);
    await get('/iam/a', 'signed');
    expect(invoked[0]?.event.requestContext).toMatchObject({ authorizer: { iam: { userId: 'AROA:me' } } });
  });

  test('what has no route is 404, also with another method or a trailing slash', async () => {
    for (const [method, path] of [
      ['GET', '/nowhere'],
      ['DELETE', '/open'],
      ['GET', '/open/'],
    ] as const) {
      const response = await fetch(url + path, { method });
      expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
    }
  });

  test('a function that fails, takes too long, is throttled or answers nonsense', async () => {
    const status = async () => (await get('/open')).status;
    answer = async () => ({ kind: 'failure', error: { errorType: 'Error', errorMessage: 'secret detail' } });
    const failed = await get('/open');
    expect([failed.status, await failed.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    answer = () => new Promise(() => undefined);
    expect(await status()).toBe(503);
    answer = () => Promise.reject(new LambdaError('TooManyRequestsException', 'Rate Exceeded.'));
    expect(await status()).toBe(503);
    answer = () => Promise.reject(new LambdaError('ResourceNotFoundException', 'gone'));
    expect(await status()).toBe(500);
    answer = replies({ statusCode: 'x' });
    expect(await status()).toBe(500);
    answer = replies({ hello: 1 });
    const inferred = await get('/open');
    expect([inferred.status, inferred.headers.get('content-type'), await inferred.json()]).toEqual([
      200,
      'application/json',
      { hello: 1 },
    ]);
  });

  test('too much at once is 429, too large a body 413', async () => {
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await get('/limited')).status);
    expect(statuses).toEqual([200, 200, 429]);
    const large = await new Promise<number | undefined>((resolve, reject) => {
      const call = httpRequest(`${url}/open`, { method: 'POST' }, (response) => resolve(response.resume().statusCode));
      // The answer may come before everything is sent.
      call.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? undefined : reject(error)));
      call.end(Buffer.alloc(10 * 1024 * 1024 + 1));
    });
    expect(large).toBe(413);
  });
});
