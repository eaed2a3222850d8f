import type { AuthorizerEvent } from '../../../local/iot/custom-authorizer.ts';
import { allow } from './fake-authorize.ts';
import { ended, Harness, nextMessage } from './harness.ts';

const OPERATOR = allow({
  'iot:Connect': ['client/o1-*'],
  'iot:Subscribe': ['topicfilter/operators/o1/events'],
  'iot:Receive': ['topic/operators/o1/events'],
  'iot:Publish': ['topic/operators/o1/requests'],
});

const yes = (more: object = {}) => ({
  isAuthenticated: true,
  principalId: 'operator1',
  policyDocuments: [OPERATOR],
  disconnectAfterInSeconds: 3_600,
  refreshAfterInSeconds: 600,
  ...more,
});

let harness: Harness;
let asked: { readonly name: string; readonly event: AuthorizerEvent }[];
let answer: () => unknown;

beforeEach(async () => {
  asked = [];
  answer = yes;
  harness = await Harness.start({
    // So that nobody is silent for too long when a test lets an hour pass.
    quotas: { keepAliveSeconds: { least: 30, most: 65_535 } },
    invokeAuthorizer: async (name, event) => {
      asked.push({ name, event });
      return answer();
    },
  });
});
afterEach(() => harness.close());

const operator = {
  clientId: 'o1-0',
  username: 'someone?x-amz-customauthorizer-name=operators&x=y',
  password: 'secret token',
  servername: 'localhost',
} as const;

test('a client without a certificate is who its authorizer says, with the policies that come along', async () => {
  const client = await harness.connect(undefined, operator);
  expect(asked).toEqual([
    {
      name: 'operators',
      event: {
        protocols: ['tls', 'mqtt'],
        signatureVerified: false,
        protocolData: {
          tls: { serverName: 'localhost' },
          mqtt: {
            username: 'someone?x-amz-customauthorizer-name=operators&x=y',
            password: Buffer.from('secret token').toString('base64'),
            clientId: 'o1-0',
          },
        },
        connectionMetadata: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      },
    },
  ]);
  await client.subscribeAsync('operators/o1/events', { qos: 1 });
  const message = nextMessage(client);
  harness.iot.publish({ topic: 'operators/o1/events', payload: Buffer.from('hello'), qos: 1 });
  expect((await message).text).toBe('hello');
  await expect(client.subscribeAsync('operators/o2/events')).rejects.toMatchObject({
    message: 'Subscribe error: Not authorized',
  });
  await expect(client.publishAsync('operators/o2/requests', '', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  await expect(harness.connect(undefined, { ...operator, clientId: 'o2-0' })).rejects.toMatchObject({ code: 0x87 });
});

test('the ALPN name mqtt asks the authorizer even when a certificate is shown', async () => {
  const device = await harness.device('pump-7');
  await harness.connect(device, { ...operator, ALPNProtocols: ['mqtt'] });
  expect(asked).toHaveLength(1);
  await harness.connect(device, { ALPNProtocols: ['x-amzn-mqtt-ca'] });
  expect(asked).toHaveLength(1);
});

test('policy documents may come as text', async () => {
  answer = () => yes({ policyDocuments: [JSON.stringify(OPERATOR)] });
  await harness.connect(undefined, operator);
});

test.each([
  ['a no', () => ({ isAuthenticated: false })],
  ['a no with all else', () => yes({ isAuthenticated: false })],
  ['a failure', () => Promise.reject(new Error('boom'))],
  ['nothing', () => undefined],
  ['a principal that is not alphanumeric', () => yes({ principalId: 'o-1' })],
  ['a lifetime below 300 s', () => yes({ disconnectAfterInSeconds: 299 })],
  ['a refresh beyond a day', () => yes({ refreshAfterInSeconds: 86_401 })],
  ['eleven documents', () => yes({ policyDocuments: Array.from({ length: 11 }, () => OPERATOR) })],
  ['a document too long', () => yes({ policyDocuments: [{ ...OPERATOR, Sid: 'x'.repeat(2_048) }] })],
  ['a document that is none', () => yes({ policyDocuments: ['nothing'] })],
])('%s refuses', async (_, given) => {
  answer = given;
  const { password: _token, ...rest } = operator;
  await expect(harness.connect(undefined, { ...rest, password: 'secret token' })).rejects.toMatchObject({ code: 0x87 });
});

test('an authorizer that does not answer within five seconds refuses', async () => {
  const called = new Promise<void>((resolve) => {
    answer = () => {
      resolve();
      return new Promise(() => {});
    };
  });
  const refused = expect(harness.connect(undefined, operator)).rejects.toMatchObject({ code: 0x87 });
  await called;
  harness.clock.advance(5_000);
  await refused;
});

test('the log of a refusal does not hold the token', async () => {
  answer = () => Promise.reject(new Error('no such function'));
  const logged = harness.next('refused');
  await expect(harness.connect(undefined, operator)).rejects.toThrow();
  expect(JSON.stringify(await logged)).not.toMatch(/secret|c2VjcmV0/);
});

test('the connection ends after disconnectAfterInSeconds', async () => {
  const client = await harness.connect(undefined, operator);
  const told = ended(client);
  for (let minutes = 0; minutes < 60; minutes += 10) {
    harness.clock.advance(600_000);
    // Refreshing is asynchronous: let its answer in before the next ten minutes.
    await new Promise(setImmediate);
  }
  await expect(told).resolves.toBe(0x87);
  expect(harness.iot.getConnection('o1-0').disconnectReason).toBe('CUSTOMAUTH_TTL_EXPIRATION');
});

test('policies are refreshed after refreshAfterInSeconds', async () => {
  const client = await harness.connect(undefined, operator);
  const [first] = asked;
  const again = new Promise<void>((resolve) => {
    answer = () => {
      resolve();
      return yes({ policyDocuments: [] });
    };
  });
  harness.clock.advance(600_000);
  await again;
  await new Promise(setImmediate);
  expect(asked[1]).toEqual(first);
  await expect(client.publishAsync('operators/o1/requests', '', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
});

test('an authorizer that no longer vouches ends the connection', async () => {
  const client = await harness.connect(undefined, operator);
  const told = ended(client);
  answer = () => ({ isAuthenticated: false });
  harness.clock.advance(600_000);
  await expect(told).resolves.toBe(0x87);
  expect(harness.iot.getConnection('o1-0').disconnectReason).toBe('AUTH_ERROR');
});
