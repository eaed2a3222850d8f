import { allow } from './fake-authorize.ts';
import { collect, Harness, nextMessage } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.close());

describe('retained messages', () => {
  const retain = (topic: string, text: string, more: { messageExpiry?: number } = {}) =>
    harness.iot.publish({ topic, payload: Buffer.from(text), qos: 1, retain: true, ...more });

  test('come with a subscription to exactly their topic, with the RETAIN flag; wildcards get none', async () => {
    retain('config/pump-7', 'first');
    retain('config/pump-7', 'second');
    const client = await harness.connect(await harness.device('pump-7'));
    await client.subscribeAsync('config/#', { qos: 1 });
    const first = nextMessage(client);
    await client.subscribeAsync('config/pump-7', { qos: 1 });
    expect(await first).toMatchObject({ text: 'second', packet: { retain: true, qos: 1 } });
    const live = nextMessage(client);
    retain('config/pump-7', 'third');
    expect(await live).toMatchObject({ text: 'third', packet: { retain: false } });
  });

  test('an empty one deletes, and is sent to those who listen', async () => {
    retain('config', 'x');
    const client = await harness.connect(await harness.device('pump-7'));
    await client.subscribeAsync('config', { qos: 1, rh: 2 });
    const empty = nextMessage(client);
    retain('config', '');
    expect((await empty).text).toBe('');
    expect(() => harness.iot.getRetainedMessage('config')).toThrow(expect.objectContaining({ status: 404 }));
  });

  test('expire', async () => {
    retain('config', 'x', { messageExpiry: 10 });
    expect(harness.iot.getRetainedMessage('config').message.payload.toString()).toBe('x');
    harness.clock.advance(10_000);
    expect(() => harness.iot.getRetainedMessage('config')).toThrow(expect.objectContaining({ status: 404 }));
  });

  test('need iot:RetainPublish beside iot:Publish', async () => {
    const policy = allow({ 'iot:Connect': ['*'], 'iot:Publish': ['topic/*'], 'iot:RetainPublish': ['topic/may'] });
    // `allow` makes ARNs; connecting is allowed under any client id.
    const device = await harness.device('pump-7', { policies: [policy, allow({ 'iot:Connect': ['client/*'] })] });
    const client = await harness.connect(device);
    await client.publishAsync('may', 'x', { qos: 1, retain: true });
    await client.publishAsync('must-not', 'x', { qos: 1 });
    await expect(client.publishAsync('must-not', 'x', { qos: 1, retain: true })).rejects.toMatchObject({ code: 0x87 });
    expect(() => harness.iot.getRetainedMessage('must-not')).toThrow();
  });

  test('are limited in number', async () => {
    const small = await Harness.start({ quotas: { retainedMessages: 1 } });
    const client = await small.connect(await small.device('pump-7'));
    await client.publishAsync('a', 'x', { qos: 1, retain: true });
    await client.publishAsync('a', 'y', { qos: 1, retain: true });
    await expect(client.publishAsync('b', 'x', { qos: 1, retain: true })).rejects.toMatchObject({ code: 0x97 });
    await small.close();
  });
});

describe('last wills', () => {
  const will = { topic: 'gone/pump-7', payload: Buffer.from('bye'), qos: 1 } as const;

  async function watcher() {
    const client = await harness.connect(await harness.device('watcher'));
    await client.subscribeAsync('gone/#', { qos: 1 });
    return client;
  }

  test.each([4, 5] as const)(
    'are published when a connection breaks, MQTT protocol level %d',
    async (protocolVersion) => {
      const observer = await watcher();
      const message = nextMessage(observer);
      await harness.connect(await harness.device('pump-7'), { protocolVersion, will });
      harness.iot.dropConnection('pump-7');
      expect(await message).toMatchObject({ topic: 'gone/pump-7', text: 'bye' });
    },
  );

  test('are not published when a client takes its leave, unless it asks for it', async () => {
    const observer = await watcher();
    const device = await harness.device('pump-7');
    const message = nextMessage(observer);
    const polite = await harness.connect(device, { will });
    await polite.endAsync();
    const asking = await harness.connect(device, { will: { ...will, payload: Buffer.from('asked') } });
    await asking.endAsync(false, { reasonCode: 4 });
    expect((await message).text).toBe('asked');
  });

  test('are published when the client is disconnected by API, or kept back', async () => {
    const observer = await watcher();
    const device = await harness.device('pump-7');
    const message = nextMessage(observer);
    await harness.connect(device, { will: { ...will, payload: Buffer.from('kept back') } });
    harness.iot.deleteConnection('pump-7', { preventWillMessage: true });
    await harness.connect(device, { will });
    harness.iot.deleteConnection('pump-7');
    expect((await message).text).toBe('bye');
  });

  test('need the permission to publish', async () => {
    const observer = await watcher();
    const grants = allow({ 'iot:Connect': ['client/*'], 'iot:Publish': ['topic/gone/mine'] });
    const device = await harness.device('pump-7', { policies: [grants] });
    const message = nextMessage(observer);
    for (const topic of ['gone/theirs', 'gone/mine']) {
      await harness.connect(device, { will: { ...will, topic } });
      harness.iot.deleteConnection('pump-7');
    }
    expect((await message).topic).toBe('gone/mine');
  });

  test('wait for their delay, lapse when the client is back in its session, and expire from then on', async () => {
    const observer = await watcher();
    const device = await harness.device('pump-7');
    const delayed = (text: string) => ({
      clean: false,
      properties: { sessionExpiryInterval: 600 },
      will: {
        ...will,
        payload: Buffer.from(text),
        properties: { willDelayInterval: 30, messageExpiryInterval: 45 },
      },
    });
    const messages = collect(observer, 2);
    await harness.connect(device, delayed('lapsed'));
    harness.iot.deleteConnection('pump-7');
    harness.clock.advance(29_000);
    await harness.connect(device, delayed('due'));
    harness.clock.advance(60_000);
    harness.iot.deleteConnection('pump-7');
    harness.clock.advance(30_000);
    await harness.connect(device, delayed('session over'));
    harness.iot.deleteConnection('pump-7');
    // A clean start ends the old session, and with it the delay.
    await harness.connect(device, { clean: true });
    const received = await messages;
    expect(received.map(({ text }) => text)).toEqual(['due', 'session over']);
    expect(received[0]?.packet.properties?.messageExpiryInterval).toBe(45);
  });
});
