import { ANYTHING, allow } from './fake-authorize.ts';
import { collect, ended, Harness, nextMessage } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.close());

/** A subscriber to everything, and a device that may do what these policies say. */
async function pair(...policies: Parameters<typeof allow>[0][]) {
  const watcher = await harness.connect(await harness.device('watcher'));
  await watcher.subscribeAsync('#', { qos: 1 });
  const grants = [{ 'iot:Connect': ['client/*'] }, ...policies].map(allow);
  const device = await harness.device('pump-7', policies.length === 0 ? {} : { policies: grants });
  return { watcher, device };
}

test.each([
  [4, 5],
  [5, 4],
] as const)('a message goes from MQTT level %d to %d, QoS 1 and 0', async (from, to) => {
  const sender = await harness.connect(await harness.device('a'), { protocolVersion: from });
  const receiver = await harness.connect(await harness.device('b'), { protocolVersion: to });
  await receiver.subscribeAsync('x/y', { qos: 1 });
  const both = collect(receiver, 2);
  await sender.publishAsync('x/y', 'one', { qos: 1 });
  await sender.publishAsync('x/y', 'two', { qos: 0 });
  expect((await both).map(({ text, packet }) => [text, packet.qos, packet.retain])).toEqual([
    ['one', 1, false],
    ['two', 0, false],
  ]);
});

test('the properties of MQTT 5 travel with a message', async () => {
  const { watcher, device } = await pair();
  const sender = await harness.connect(device);
  const message = nextMessage(watcher);
  const properties = {
    payloadFormatIndicator: true,
    contentType: 'application/json',
    responseTopic: 'answers/here',
    correlationData: Buffer.from([1, 2, 3]),
    userProperties: { a: ['1', '2'], b: '3' },
  };
  await sender.publishAsync('x', '{}', { qos: 1, properties });
  expect((await message).packet.properties).toMatchObject(properties);
});

test('a denied publish: PUBACK 0x87 at QoS 1, DISCONNECT 0x87 at QoS 0, a closed connection in MQTT 3.1.1', async () => {
  const { watcher, device } = await pair({ 'iot:Publish': ['topic/mine'] });
  const client = await harness.connect(device);
  await expect(client.publishAsync('theirs', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  expect(client.connected).toBe(true);

  const told = ended(client);
  await client.publishAsync('theirs', 'x', { qos: 0 });
  await expect(told).resolves.toBe(0x87);
  expect(harness.iot.getConnection('pump-7').disconnectReason).toBe('AUTH_ERROR');

  const old = await harness.connect(device, { protocolVersion: 4 });
  const cut = ended(old);
  old.publish('theirs', 'x', { qos: 1 });
  await expect(cut).resolves.toBeUndefined();

  // Nothing of all that came through.
  const message = nextMessage(watcher);
  const again = await harness.connect(device);
  await again.publishAsync('mine', 'y', { qos: 1 });
  expect(await message).toMatchObject({ topic: 'mine', text: 'y' });
});

test.each([
  [4, 0x80],
  [5, 0x87],
] as const)('a denied subscribe is told in SUBACK, MQTT protocol level %d', async (protocolVersion, code) => {
  const { device } = await pair({ 'iot:Subscribe': ['topicfilter/mine/#'] });
  const client = await harness.connect(device, { protocolVersion });
  const granted: number[] = [];
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'suback') granted.push(...(packet.granted as number[]));
  });
  await client.subscribeAsync(['mine/#', 'theirs/#'], { qos: 1 }).catch(() => {});
  expect(granted).toEqual([1, code]);
  expect(client.connected).toBe(true);
});

test('what a subscriber may not receive is not delivered', async () => {
  const { device } = await pair({ 'iot:Subscribe': ['topicfilter/*'], 'iot:Receive': ['topic/mine'] });
  const client = await harness.connect(device);
  await client.subscribeAsync('+', { qos: 1 });
  const message = nextMessage(client);
  harness.iot.publish({ topic: 'theirs', payload: Buffer.from('no'), qos: 1 });
  harness.iot.publish({ topic: 'mine', payload: Buffer.from('yes'), qos: 1 });
  expect(await message).toMatchObject({ topic: 'mine', text: 'yes' });
});

test('policies that are swapped under a live connection count from the next packet on', async () => {
  const { device } = await pair({
    'iot:Publish': ['topic/*'],
    'iot:Subscribe': ['topicfilter/*'],
    'iot:Receive': ['*'],
  });
  const client = await harness.connect(device);
  await client.publishAsync('x', '1', { qos: 1 });
  await client.subscribeAsync('before');

  harness.setPolicies(device, allow({ 'iot:Receive': ['topic/other'] }));
  await expect(client.publishAsync('x', '2', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  await expect(client.subscribeAsync('after')).rejects.toMatchObject({ message: 'Subscribe error: Not authorized' });

  harness.iot.publish({ topic: 'before', payload: Buffer.from('no') });
  harness.setPolicies(device, ANYTHING);
  const message = nextMessage(client);
  harness.iot.publish({ topic: 'before', payload: Buffer.from('yes') });
  expect(await message).toMatchObject({ text: 'yes' });
  await client.publishAsync('x', '3', { qos: 1 });
});

test('a certificate that is deactivated has no permissions left', async () => {
  const { device } = await pair();
  const client = await harness.connect(device);
  await client.publishAsync('x', '1', { qos: 1 });
  harness.registry.set(device.certificateId, { active: false, attachedPolicies: [ANYTHING], things: [] });
  await expect(client.publishAsync('x', '2', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
});

test('topics that are too long, too deep or reserved are refused', async () => {
  const { device } = await pair();
  const client = await harness.connect(device);
  const deep = '1/2/3/4/5/6/7/8/9';
  for (const topic of ['x'.repeat(257), deep, '$aws/events/presence/connected/x']) {
    await expect(client.publishAsync(topic, 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x90 });
  }
  await client.publishAsync('1/2/3/4/5/6/7/8', 'x', { qos: 1 });
  await expect(client.subscribeAsync(deep)).rejects.toMatchObject({ message: 'Subscribe error: Topic Filter invalid' });
  const told = ended(client);
  client.publish(deep, 'x');
  await expect(told).resolves.toBe(0x90);
});

test('a payload of 128 KB passes, a larger one disconnects', async () => {
  const { watcher, device } = await pair();
  const client = await harness.connect(device);
  const message = nextMessage(watcher);
  await client.publishAsync('x', Buffer.alloc(128 * 1024), { qos: 1 });
  expect((await message).text).toHaveLength(128 * 1024);
  const told = ended(client);
  client.publish('x', Buffer.alloc(128 * 1024 + 1), { qos: 1 });
  await expect(told).resolves.toBe(0x95);
  expect(harness.iot.getConnection('pump-7').disconnectReason).toBe('CLIENT_ERROR');
});

test('QoS 2 is not supported', async () => {
  const { device } = await pair();
  const publisher = await harness.connect(device);
  const told = ended(publisher);
  // MQTT.js itself would lower the QoS to what CONNACK announced.
  publisher.stream.write(Buffer.from([0x34, 0x07, 0x00, 0x01, 0x78, 0x00, 0x01, 0x00, 0x79]));
  await expect(told).resolves.toBe(0x9b);
  const subscriber = await harness.connect(device);
  const toldToo = ended(subscriber);
  subscriber.subscribe('x', { qos: 2 });
  await expect(toldToo).resolves.toBe(0x9b);
});

test('a SUBSCRIBE takes 8 filters and a connection 50', async () => {
  const { device } = await pair();
  const client = await harness.connect(device);
  const filters = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}/${index}`);
  const refusal = { message: 'Subscribe error: Quota exceeded' };
  await expect(client.subscribeAsync(filters(9, 'nine'))).rejects.toMatchObject(refusal);
  for (const group of [1, 2, 3, 4, 5, 6]) await client.subscribeAsync(filters(8, `group-${group}`));
  await client.subscribeAsync(filters(2, 'last'));
  await expect(client.subscribeAsync('one-more')).rejects.toMatchObject(refusal);
  // What is there already may be renewed, and what was left makes room.
  await client.subscribeAsync('last/0', { qos: 1 });
  await client.unsubscribeAsync('last/1');
  await client.subscribeAsync('one-more');
});

test('subscription identifiers, shared subscriptions and Basic Ingest filters are refused', async () => {
  const { device } = await pair();
  const client = await harness.connect(device);
  await expect(client.subscribeAsync('$share/group/x')).rejects.toMatchObject({
    message: 'Subscribe error: Unspecified error',
  });
  await expect(client.subscribeAsync('$aws/rules/name/#')).rejects.toMatchObject({
    message: 'Subscribe error: Topic Filter invalid',
  });
  const told = ended(client);
  client.subscribe('x', { qos: 0, properties: { subscriptionIdentifier: 7 } });
  await expect(told).resolves.toBe(0xa1);
});

test('of more than 100 publishes a second the rest is discarded, and a second later there is room again', async () => {
  const { watcher, device } = await pair();
  await watcher.endAsync();
  const client = await harness.connect(device);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 120 }, (_, index) => client.publishAsync(`x/${index}`, 'x', { qos: 1 })),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(refused).toHaveLength(20);
  expect(refused[0]?.reason).toMatchObject({ code: 0x97 });
  expect(client.connected).toBe(true);
  harness.clock.advance(1_000);
  await client.publishAsync('x', 'x', { qos: 1 });
});

test('a receiver gets 100 messages a second, and the rest is discarded', async () => {
  const { watcher } = await pair();
  const hundred = collect(watcher, 100);
  for (let index = 0; index < 150; index += 1) harness.iot.publish({ topic: `x/${index}` });
  expect((await hundred).at(-1)?.topic).toBe('x/99');
  harness.clock.advance(1_000);
  const next = nextMessage(watcher);
  harness.iot.publish({ topic: 'later' });
  expect((await next).topic).toBe('later');
});

test('topic aliases stand for topics, within the announced maximum', async () => {
  const { watcher, device } = await pair();
  const client = await harness.connect(device);
  const both = collect(watcher, 2);
  await client.publishAsync('a/long/topic', '1', { qos: 1, properties: { topicAlias: 8 } });
  await client.publishAsync('', '2', { qos: 1, properties: { topicAlias: 8 } });
  expect((await both).map(({ topic }) => topic)).toEqual(['a/long/topic', 'a/long/topic']);
  const told = ended(client);
  // PUBLISH at QoS 0, no topic, alias 9.
  client.stream.write(Buffer.from([0x30, 0x06, 0x00, 0x00, 0x03, 0x23, 0x00, 0x09]));
  await expect(told).resolves.toBe(0x94);
});

test('no-local and maximum packet size of an MQTT 5 client are kept', async () => {
  const { device } = await pair();
  const client = await harness.connect(device, { properties: { maximumPacketSize: 200 } });
  await client.subscribeAsync('x', { qos: 1, nl: true });
  const message = nextMessage(client);
  await client.publishAsync('x', 'own', { qos: 1 });
  harness.iot.publish({ topic: 'x', payload: Buffer.alloc(200), qos: 1 });
  harness.iot.publish({ topic: 'x', payload: Buffer.from('small'), qos: 1 });
  expect((await message).text).toBe('small');
});
