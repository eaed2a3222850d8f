import { allow } from './fake-authorize.ts';
import { collect, Harness, nextMessage } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.close());

const publish = (text: string, more: { qos?: 0 | 1; messageExpiry?: number } = {}) =>
  harness.iot.publish({ topic: 'x', payload: Buffer.from(text), qos: 1, ...more });

const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } } as const;

test.each([
  [4, { clean: false }],
  [5, persistent],
] as const)(
  'a persistent session keeps subscriptions and QoS 1 messages, MQTT protocol level %d',
  async (level, kind) => {
    const device = await harness.device('pump-7');
    const options = { protocolVersion: level, ...kind };
    const first = await harness.connect(device, options);
    expect(harness.connack(first).sessionPresent).toBe(false);
    await first.subscribeAsync('x', { qos: 1 });
    await first.endAsync();

    publish('zero', { qos: 0 });
    publish('one');
    publish('two');
    // Listening before CONNACK, so that nothing is missed.
    const second = harness.dial(device, options);
    const both = await collect(second, 2);
    expect(both.map(({ text, packet }) => [text, packet.qos, packet.dup])).toEqual([
      ['one', 1, false],
      ['two', 1, false],
    ]);
    const live = nextMessage(second);
    publish('three');
    expect((await live).text).toBe('three');
    await second.endAsync();
  },
);

test('a clean start forgets the session, and a session without expiry ends with its connection', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  await first.subscribeAsync('x', { qos: 1 });
  await first.endAsync();
  const clean = await harness.connect(device, { clean: true });
  expect(harness.connack(clean).sessionPresent).toBe(false);
  await clean.subscribeAsync('x', { qos: 1 });
  await clean.endAsync();
  const third = await harness.connect(device, persistent);
  expect(harness.connack(third).sessionPresent).toBe(false);
});

test('a session ends when its expiry has passed since the client left', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  harness.clock.advance(1_700_000);
  await first.endAsync();
  harness.clock.advance(599_000);
  const second = await harness.connect(device, persistent);
  expect(harness.connack(second).sessionPresent).toBe(true);
  await second.endAsync();
  harness.clock.advance(600_000);
  const third = await harness.connect(device, persistent);
  expect(harness.connack(third).sessionPresent).toBe(false);
});

test('MQTT 3.1.1 sessions last an hour', async () => {
  const device = await harness.device('pump-7');
  const options = { protocolVersion: 4, clean: false } as const;
  await (await harness.connect(device, options)).endAsync();
  harness.clock.advance(3_599_000);
  const second = await harness.connect(device, options);
  expect(harness.connack(second).sessionPresent).toBe(true);
  await second.endAsync();
  harness.clock.advance(3_600_000);
  expect(harness.connack(await harness.connect(device, options)).sessionPresent).toBe(false);
});

test('DISCONNECT may change the expiry, but cannot give one to a session without', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  await first.endAsync(false, { reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
  const second = await harness.connect(device, { clean: false });
  expect(harness.connack(second).sessionPresent).toBe(false);
  await second.endAsync(false, { reasonCode: 0, properties: { sessionExpiryInterval: 60 } });
  expect(harness.iot.getConnection('pump-7').disconnectReason).toBe('CLIENT_ERROR');
});

test('a message that expires while its receiver is away is not delivered, the others with what remains', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  await first.subscribeAsync('x', { qos: 1 });
  await first.endAsync();
  // More than go out in one second: expired messages take nobody's turn.
  for (let index = 0; index < 12; index += 1) publish('stale', { messageExpiry: 60 });
  publish('fresh', { messageExpiry: 90 });
  publish('for ever');
  harness.clock.advance(60_000);
  const second = harness.dial(device, persistent);
  const received = await collect(second, 2);
  expect(received.map(({ text, packet }) => [text, packet.properties?.messageExpiryInterval])).toEqual([
    ['fresh', 30],
    ['for ever', undefined],
  ]);
  await second.endAsync();
});

test('a publisher over MQTT sets the expiry too; 0 becomes one second', async () => {
  const receiver = await harness.connect(await harness.device('a'));
  await receiver.subscribeAsync('x', { qos: 1 });
  const sender = await harness.connect(await harness.device('b'));
  const both = collect(receiver, 2);
  await sender.publishAsync('x', '', { qos: 1, properties: { messageExpiryInterval: 30 } });
  await sender.publishAsync('x', '', { qos: 1, properties: { messageExpiryInterval: 0 } });
  expect((await both).map(({ packet }) => packet.properties?.messageExpiryInterval)).toEqual([30, 1]);
});

test('stored messages come at ten a second, in order, beside new ones', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  await first.subscribeAsync('x', { qos: 1 });
  await first.endAsync();
  for (let index = 0; index < 15; index += 1) publish(`stored ${index}`);
  const second = harness.dial(device, persistent);
  const ten = await collect(second, 10);
  const next = nextMessage(second);
  publish('new');
  expect((await next).text).toBe('new');
  const rest = collect(second, 5);
  harness.clock.advance(1_000);
  expect([...ten, ...(await rest)].map(({ text }) => text)).toEqual(
    Array.from({ length: 15 }, (_, index) => `stored ${index}`),
  );
  await second.endAsync();
});

test('what was not acknowledged when the connection broke comes again, before what came later', async () => {
  const device = await harness.device('pump-7');
  await (await harness.connect(device, persistent)).subscribeAsync('x', { qos: 1 });
  harness.iot.pauseDelivery('pump-7');
  publish('lost on the way');
  const gone = harness.next('disconnected');
  harness.iot.dropConnection('pump-7');
  await gone;
  publish('later');
  const second = harness.dial(device, persistent);
  expect((await collect(second, 2)).map(({ text }) => text)).toEqual(['lost on the way', 'later']);
  await second.endAsync();
});

test('unacknowledged messages go before those that were not sent yet', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  await first.subscribeAsync('x', { qos: 1 });
  await first.endAsync();
  for (let index = 0; index < 12; index += 1) publish(String(index));
  const deaf = harness.dial(device, persistent);
  deaf.handleMessage = () => {};
  await nextMessage(deaf);
  const gone = harness.next('disconnected');
  harness.iot.dropConnection('pump-7');
  await gone;
  const second = harness.dial(device, persistent);
  const ten = await collect(second, 10);
  const rest = collect(second, 2);
  harness.clock.advance(1_000);
  expect([...ten, ...(await rest)].map(({ text }) => Number(text))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  await second.endAsync();
});

test('what a client may no longer receive when it returns stays away', async () => {
  const device = await harness.device('pump-7');
  const first = await harness.connect(device, persistent);
  await first.subscribeAsync('+', { qos: 1 });
  await first.endAsync();
  harness.iot.publish({ topic: 'secret', payload: Buffer.from('no'), qos: 1 });
  harness.iot.publish({ topic: 'open', payload: Buffer.from('yes'), qos: 1 });
  harness.setPolicies(device, allow({ 'iot:Connect': ['client/*'], 'iot:Receive': ['topic/open'] }));
  const second = harness.dial(device, persistent);
  expect((await nextMessage(second)).topic).toBe('open');
  await second.endAsync();
});

test('an offline session stores so many messages and no more; the newest are dropped', async () => {
  const small = await Harness.start({ quotas: { storedMessages: 2 } });
  const device = await small.device('pump-7');
  const first = await small.connect(device, persistent);
  await first.subscribeAsync('x', { qos: 1 });
  await first.endAsync();
  for (const text of ['1', '2', '3']) small.iot.publish({ topic: 'x', payload: Buffer.from(text), qos: 1 });
  const second = small.dial(device, persistent);
  expect((await collect(second, 2)).map(({ text }) => text)).toEqual(['1', '2']);
  await second.endAsync();
  await small.close();
});
