import { allow } from './fake-authorize.ts';
import { ended, Harness, nextMessage } from './harness.ts';

let harness: Harness;
let ruled: unknown[];
beforeEach(async () => {
  ruled = [];
  harness = await Harness.start({ invoke: (_, event) => void ruled.push(event) });
});
afterEach(() => harness.close());

const receiving = allow({ 'iot:Connect': ['client/*'], 'iot:Receive': ['topic/commands/pump-7'] });
const direct = { clientId: 'pump-7', topic: 'commands/pump-7', payload: Buffer.from('open') } as const;

test('reaches a client that subscribes to nothing, at QoS 1, and answers after its PUBACK', async () => {
  const client = await harness.connect(await harness.device('pump-7', { policies: [receiving] }));
  const message = nextMessage(client);
  const properties = { contentType: 'text/plain', correlationData: Buffer.from('c'), userProperties: { a: 'b' } };
  await expect(harness.iot.sendDirectMessage({ ...direct, ...properties, confirmation: true })).resolves.toEqual({
    status: 200,
    message: 'OK',
  });
  expect(await message).toMatchObject({ topic: 'commands/pump-7', text: 'open', packet: { qos: 1, properties } });
});

test('without confirmation it goes at QoS 0 and nobody waits', async () => {
  const client = await harness.connect(await harness.device('pump-7', { policies: [receiving] }));
  const message = nextMessage(client);
  await expect(harness.iot.sendDirectMessage(direct)).resolves.toMatchObject({ status: 200 });
  expect((await message).packet.qos).toBe(0);
});

test('404 at once when the client is not connected; a persistent session does not store it', async () => {
  const answer = await harness.iot.sendDirectMessage({ ...direct, confirmation: true });
  expect(answer).toEqual({ status: 404, message: 'The target client ID is not connected.' });

  const device = await harness.device('pump-7', { policies: [receiving] });
  const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } };
  await (await harness.connect(device, persistent)).endAsync();
  const away = await harness.iot.sendDirectMessage({ ...direct, confirmation: true });
  expect(away).toMatchObject({ status: 404, message: expect.stringContaining('active persistent session') });

  const client = harness.dial(device, persistent);
  const next = nextMessage(client);
  await new Promise<unknown>((resolve) => client.once('connect', resolve));
  await harness.iot.sendDirectMessage({ ...direct, payload: Buffer.from('marker') });
  expect((await next).text).toBe('marker');
});

test('504 when a lingering connection swallows it, after the time asked for; it does not come later', async () => {
  const device = await harness.device('pump-7', { policies: [receiving] });
  const client = await harness.connect(device, { clean: false, properties: { sessionExpiryInterval: 600 } });
  expect(harness.iot.pauseDelivery('pump-7')).toBe(true);
  const answer = harness.iot.sendDirectMessage({ ...direct, confirmation: true, timeoutSeconds: 4 });
  let settled = false;
  void answer.finally(() => {
    settled = true;
  });
  harness.clock.advance(3_999);
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  expect(harness.iot.getConnection('pump-7').connected).toBe(true);
  harness.clock.advance(1);
  await expect(answer).resolves.toMatchObject({ status: 504 });

  expect(harness.iot.resumeDelivery('pump-7')).toBe(true);
  const next = nextMessage(client);
  await harness.iot.sendDirectMessage({ ...direct, payload: Buffer.from('marker') });
  expect((await next).text).toBe('marker');
});

test('504 when the connection ends before the PUBACK', async () => {
  await harness.connect(await harness.device('pump-7', { policies: [receiving] }));
  harness.iot.pauseDelivery('pump-7');
  const answer = harness.iot.sendDirectMessage({ ...direct, confirmation: true });
  harness.iot.dropConnection('pump-7');
  await expect(answer).resolves.toMatchObject({ status: 504 });
});

test('a paused client that is silent is dropped by keep-alive, and cannot be paused when it is gone', async () => {
  const client = await harness.connect(await harness.device('pump-7'), { keepalive: 60, reschedulePings: false });
  harness.iot.pauseDelivery('pump-7');
  const closed = ended(client);
  client.sendPing();
  harness.clock.advance(90_000);
  // The farewell is swallowed too.
  await expect(closed).resolves.toBeUndefined();
  expect(harness.iot.pauseDelivery('pump-7')).toBe(false);
  expect(harness.iot.dropConnection('pump-7')).toBe(false);
});

test('403 when the receiver may not receive the topic', async () => {
  await harness.connect(await harness.device('pump-7', { policies: [receiving] }));
  const answer = await harness.iot.sendDirectMessage({ ...direct, topic: 'commands/pump-8' });
  expect(answer).toMatchObject({ status: 403, message: expect.stringContaining('pump-7') });
});

test('429 when the receiver has had its publishes for this second', async () => {
  await harness.connect(await harness.device('pump-7', { policies: [receiving] }));
  for (let count = 0; count < 100; count += 1) await harness.iot.sendDirectMessage(direct);
  await expect(harness.iot.sendDirectMessage(direct)).resolves.toMatchObject({ status: 429 });
  await expect(harness.iot.sendDirectMessage({ ...direct, confirmation: true })).resolves.toMatchObject({
    status: 429,
  });
});

test('rules, subscribers and retained messages see nothing of it', async () => {
  harness.iot.addRule({
    name: 'all',
    sql: "SELECT topic() AS t FROM '#'",
    targets: [{ action: 'LambdaAction', resource: 'x' }],
  });
  const watcher = await harness.connect(await harness.device('watcher'));
  await watcher.subscribeAsync('#');
  const next = nextMessage(watcher);
  await harness.connect(await harness.device('pump-7', { policies: [receiving] }));
  await harness.iot.sendDirectMessage({ ...direct, confirmation: true });
  harness.iot.publish({ topic: 'marker' });
  expect((await next).topic).toBe('marker');
  expect(ruled).toEqual([{ t: 'marker' }]);
});

test.each([
  ['a reserved topic', { topic: '$aws/x' }, 400],
  ['no topic', { topic: '' }, 400],
  ['a wildcard', { topic: 'a/+' }, 400],
  ['a reserved client id', { clientId: '$x' }, 400],
  ['no client id', { clientId: '' }, 400],
  ['a client id too long', { clientId: 'x'.repeat(129) }, 400],
  ['no time', { confirmation: true, timeoutSeconds: 0 }, 400],
  ['too much time', { confirmation: true, timeoutSeconds: 16 }, 400],
  ['half a second more', { confirmation: true, timeoutSeconds: 1.5 }, 400],
  ['a payload too large', { payload: Buffer.alloc(128 * 1024 + 1) }, 413],
])('refused: %s', async (_, more, status) => {
  await expect(harness.iot.sendDirectMessage({ ...direct, ...more })).rejects.toMatchObject({ status });
});
