import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createAuthority } from '../../../local/ca/authority.ts';
import { certificateIdOf } from '../../../local/iot/registry.ts';
import { allow, THING_NAME } from './fake-authorize.ts';
import { ended, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.start();
});
afterEach(() => harness.close());

test.each([4, 5] as const)(
  'a device connects with its certificate, MQTT protocol level %d',
  async (protocolVersion) => {
    const device = await harness.device('pump-7');
    const client = await harness.connect(device, { protocolVersion });
    expect(harness.iot.getConnection('pump-7')).toMatchObject({
      connected: true,
      thingName: 'pump-7',
      cleanSession: true,
    });
    await client.endAsync();
    expect(harness.iot.getConnection('pump-7')).toMatchObject({
      connected: false,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    });
  },
);

test('CONNACK tells an MQTT 5 client the quotas of AWS IoT Core', async () => {
  const device = await harness.device('pump-7');
  const client = await harness.connect(device, { keepalive: 5, properties: { sessionExpiryInterval: 90_000 } });
  expect(harness.connack(client).properties).toMatchObject({
    maximumQoS: 1,
    retainAvailable: true,
    maximumPacketSize: 149_504,
    receiveMaximum: 100,
    topicAliasMaximum: 8,
    serverKeepAlive: 30,
    sessionExpiryInterval: 3_600,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: false,
  });
});

test.each([
  [4, 5],
  [5, 0x87],
] as const)('a foreign client id is refused, MQTT protocol level %d', async (protocolVersion, code) => {
  const own = allow({ 'iot:Connect': [`client/${THING_NAME}`] });
  const device = await harness.device('pump-7', { policies: [own] });
  await expect(harness.connect(device, { protocolVersion, clientId: 'pump-8' })).rejects.toMatchObject({ code });
  await expect(harness.connect(device, { protocolVersion })).resolves.toBeDefined();
});

test('an exclusively attached thing is the thing of a connection under any client id', async () => {
  const own = allow({ 'iot:Connect': [`client/${THING_NAME}-agent`] });
  const exclusive = { name: 'pump-7', attributes: {}, principalType: 'EXCLUSIVE_THING' } as const;
  const device = await harness.device('pump-7', { policies: [own], things: [exclusive] });
  await harness.connect(device, { clientId: 'pump-7-agent' });
  await expect(harness.connect(device, { clientId: 'pump-8-agent' })).rejects.toMatchObject({ code: 0x87 });
});

test('a certificate of another authority, unknown or inactive, does not get as far as CONNACK', async () => {
  const other = await createAuthority();
  const foreign = { ...(await other.issueDevice('pump-7')), name: 'pump-7', certificateId: '' };
  const foreignRecord = { active: true, attachedPolicies: [], things: [] };
  harness.registry.set(certificateIdOf(foreign.certificate), foreignRecord);
  const unknown = await harness.device('pump-8');
  harness.registry.delete(unknown.certificateId);
  const inactive = await harness.device('pump-9', { active: false });
  for (const device of [foreign, unknown, inactive]) {
    await expect(harness.connect(device)).rejects.not.toHaveProperty('code', expect.any(Number));
  }
});

test('without a certificate and without an authorizer nobody connects', async () => {
  await expect(harness.connect(undefined, { clientId: 'pump-7' })).rejects.toMatchObject({ code: 0x87 });
});

test('the newer connection of a client id wins, and the older is told that it was taken over', async () => {
  const device = await harness.device('pump-7');
  const older = await harness.connect(device);
  const told = ended(older);
  const newer = await harness.connect(device);
  await expect(told).resolves.toBe(0x8e);
  expect(newer.connected).toBe(true);
  expect(harness.iot.getConnection('pump-7').connected).toBe(true);
});

test('client ids are bounded, do not begin with $, and may be left to the broker', async () => {
  const device = await harness.device('pump-7');
  await harness.connect(device, { clientId: 'x'.repeat(128) });
  await expect(harness.connect(device, { clientId: 'x'.repeat(129) })).rejects.toMatchObject({ code: 0x85 });
  await expect(harness.connect(device, { clientId: '$x' })).rejects.toMatchObject({ code: 0x85 });
  await expect(harness.connect(device, { clientId: '$x', protocolVersion: 4 })).rejects.toMatchObject({ code: 2 });
  const nameless = await harness.connect(device, { clientId: '' });
  const assigned = harness.connack(nameless).properties?.assignedClientIdentifier ?? '';
  expect(harness.iot.getConnection(assigned).connected).toBe(true);
});

test('a silent client is disconnected after one and a half keep-alives, one that pings is not', async () => {
  const device = await harness.device('pump-7');
  const client = await harness.connect(device, { keepalive: 60, reschedulePings: false });
  harness.clock.advance(89_000);
  const pong = new Promise<void>((resolve) => {
    client.on('packetreceive', ({ cmd }) => cmd === 'pingresp' && resolve());
  });
  client.sendPing();
  await pong;
  harness.clock.advance(89_000);
  expect(harness.iot.getConnection('pump-7').connected).toBe(true);
  const told = ended(client);
  harness.clock.advance(1_000);
  await expect(told).resolves.toBe(0x8d);
  expect(harness.iot.getConnection('pump-7').disconnectReason).toBe('MQTT_KEEP_ALIVE_TIMEOUT');
});

test('a last will that could not be published is refused at CONNECT', async () => {
  const device = await harness.device('pump-7');
  const will = (topic: string, qos: 0 | 1 | 2) => ({ will: { topic, payload: Buffer.from('gone'), qos } });
  await expect(harness.connect(device, will('a/+', 0))).rejects.toMatchObject({ code: 0x90 });
  await expect(harness.connect(device, will('$aws/rules/x/y', 2))).rejects.toMatchObject({ code: 0x9b });
});

describe('a peer that speaks no MQTT', () => {
  const open = async (device: { certificate: string; privateKey: string }): Promise<TLSSocket> => {
    const { certificate: cert, privateKey: key } = device;
    const socket = connectTls({
      host: '127.0.0.1',
      port: harness.iot.port,
      ca: harness.authority.certificate,
      cert,
      key,
    });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.resume();
    return socket;
  };

  // Not `once`: what the server resets ends with an error before it closes.
  const goneAway = (socket: TLSSocket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

  test.each([
    ['something else than CONNECT', Buffer.from([0xc0, 0x00])],
    ['bytes that are no packet', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a packet that is too short', Buffer.from([0x10, 0x02, 0x00, 0x04])],
  ])('is cut off: %s', async (_, bytes) => {
    const socket = await open(await harness.device('pump-7'));
    const closed = goneAway(socket);
    socket.write(bytes);
    await closed;
  });

  test('is cut off when it says nothing for ten seconds', async () => {
    const accepted = await open(await harness.device('pump-7'));
    const closed = goneAway(accepted);
    // The server has seen the connection once another peer that came later was answered.
    await harness.connect(await harness.device('pump-8'));
    harness.clock.advance(10_000);
    await closed;
  });

  test('is cut off when a packet grows beyond the announced size', async () => {
    const device = await harness.device('pump-7');
    const socket = await open(device);
    const closed = goneAway(socket);
    // PUBLISH with a remaining length of 200,000 bytes, of which 190,000 come.
    socket.write(Buffer.concat([Buffer.from([0x30, 0xc0, 0x9a, 0x0c]), Buffer.alloc(190_000)]));
    await closed;
  });
});
