import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IoTCustomAuthorizerEvent } from 'aws-lambda';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createTokens } from '../../../adapters/jwt/tokens.ts';
import { operatorIdOf } from '../../../core/model/ids.ts';
import { brokerArn, respond } from '../../../lambdas/mqtt-authorizer.ts';
import { createWorld } from '../use-cases/world.ts';

const issuer = 'https://issuer.test';
const arn = 'arn:aws:iot:eu-west-1:123456789012';
const operator = operatorIdOf(issuer, 'ada');

let server: Server;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;
let others: Awaited<ReturnType<typeof generateKeyPair>>;
let jwks: string;
beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  others = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
  server = createServer((_, reply) => reply.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const now = () => Math.floor(Date.now() / 1_000);
const token = (part: JWTPayload = {}, key = keys.privateKey, header = { alg: 'ES256', kid: 'k1' }) =>
  new SignJWT({ iss: issuer, aud: 'sallyport', sub: 'ada', iat: now(), exp: now() + 3_600, ...part })
    .setProtectedHeader(header)
    .sign(key);

const connect = (password: string, clientId = `${operator}-0`) => {
  const event: IoTCustomAuthorizerEvent = {
    signatureVerified: false,
    protocols: ['tls', 'mqtt'],
    protocolData: {
      tls: { serverName: 'broker.test' },
      mqtt: { username: '', password: Buffer.from(password).toString('base64'), clientId },
    },
    connectionMetadata: { id: 'c' },
  };
  const tokens = createTokens({ issuer, audience: 'sallyport', jwks });
  // Tokens are of now, so this test's clock is too.
  const ports = { ...world.ports, tokens, clock: { now: Date.now, monotonic: () => performance.now() } };
  return respond(ports, event, arn);
};
let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

test('a token admits its operator, for as long as it lasts, to their own topics', async () => {
  const answer = await connect(await token());
  expect(answer).toMatchObject({ isAuthenticated: true, principalId: operator });
  expect(answer.disconnectAfterInSeconds).toBeGreaterThan(3_590);
  expect(answer.disconnectAfterInSeconds).toBeLessThanOrEqual(3_600);
  expect(answer.policyDocuments).toHaveLength(1);
  expect(JSON.stringify(answer.policyDocuments)).toContain(`${arn}:topic/sallyport/v1/operators/${operator}/requests`);
  expect((await connect(await token(), `${operator}-3`)).isAuthenticated).toBe(true);
});

test('no connection outlasts a day', async () => {
  const answer = await connect(await token({ exp: now() + 10 * 86_400 }));
  expect(answer.disconnectAfterInSeconds).toBe(86_400);
});

test.each<[string, () => Promise<string>, string?]>([
  ['no token', async () => ''],
  ['not a token', async () => 'a.b.c'],
  ["another issuer's", () => token({ iss: 'https://other.test' })],
  ['for another audience', () => token({ aud: 'other' })],
  ['one that has ended', () => token({ exp: now() - 1 })],
  ['one that ends within five minutes', () => token({ exp: now() + 299 })],
  ['signed by another key', () => token({}, others.privateKey)],
  ['without a subject', () => token({ sub: undefined })],
  [
    'signed by nothing',
    async () => (await token()).replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url')),
  ],
  ["for another's client id", () => token(), `${operatorIdOf(issuer, 'bob')}-0`],
  ['for a fifth connection', () => token(), `${operator}-4`],
  ['for a device', () => token(), 'pump-7'],
])('%s admits nobody', async (...[, password, clientId]) => {
  const answer = await connect(await password(), clientId);
  expect(answer).toMatchObject({ isAuthenticated: false, policyDocuments: [] });
  await world.ports.hub.settle();
  expect(world.records).toContainEqual(
    expect.objectContaining({ kind: 'refused', action: 'mqtt.connect', way: 'mqtt', code: expect.any(String) }),
  );
});

test('nobody is admitted without a record of it', async () => {
  expect(await connect(await token())).toMatchObject({ isAuthenticated: true });
  expect(world.records).toContainEqual(
    expect.objectContaining({ kind: 'allowed', action: 'mqtt.connect', operator, facts: expect.anything() }),
  );
  world.mood.audit = false;
  expect(await connect(await token())).toMatchObject({ isAuthenticated: false, policyDocuments: [] });
});

test('the broker stands beside the function', () => {
  expect(brokerArn('arn:aws-cn:lambda:cn-north-1:123456789012:function:authorizer')).toBe(
    'arn:aws-cn:iot:cn-north-1:123456789012',
  );
  expect(() => brokerArn('authorizer')).toThrow(TypeError);
});
