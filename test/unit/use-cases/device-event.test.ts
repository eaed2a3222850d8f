import { helloMilliseconds } from '../../../core/model/device.ts';
import { receiveDeviceEvent } from '../../../core/use-cases/receive-device-event.ts';
import { pinned } from '../../../core/use-cases/send-open.ts';
import { deviceEventSchema } from '../../../core/wire/device-event.ts';
import {
  codeOf,
  createWorld,
  deviceId,
  deviceKeyLine,
  hostilePattern,
  hostileText,
  operatorId,
  startOfTime,
  textIn,
  type World,
} from './world.ts';

const tunnelId = 'aaaaaaaaaaaaaaaa';
const serverId = 'raaaaaaaaa';

const say = (
  world: World,
  event: Record<string, unknown>,
  from: { device?: string; clientId?: string; at?: number } = {},
) =>
  receiveDeviceEvent(
    world.ports,
    { device: deviceId, clientId: `${deviceId}.sallyport`, at: world.clock.now(), ...from },
    deviceEventSchema.parse({ v: 1, ...event }),
  );
const hello = { type: 'hello', key: `${deviceKeyLine} agent@pump`, services: [], agent: '1.2.3' };

describe('hello', () => {
  test('keeps the key and where to send commands, and welcomes by direct message', async () => {
    const world = createWorld();
    await say(world, { ...hello, services: [{ name: 'ssh', scheme: 'ssh', port: 22 }], hostKeys: [deviceKeyLine] });
    const device = await world.ports.devices.get(deviceId);
    expect(device).toMatchObject({
      clientId: `${deviceId}.sallyport`,
      services: [{ name: 'ssh' }],
      sessionKey: { publicKey: deviceKeyLine },
      hostKeys: [deviceKeyLine],
      helloAt: startOfTime,
    });
    expect(world.commands).toEqual([
      {
        clientId: `${deviceId}.sallyport`,
        command: {
          v: 1,
          type: 'welcome',
          fingerprint: device?.sessionKey?.fingerprint,
          relay: { host: 'relay.sallyport.test', port: 443 },
          ...pinned(await world.ports.pins.current()),
        },
      },
    ]);
    expect(world.entries()).toMatchObject([{ kind: 'changed', action: 'hello', device: deviceId }]);
  });

  test('what it says of itself is kept harmless', async () => {
    const world = createWorld();
    await say(world, { ...hello, agent: hostileText.slice(0, 64) });
    const device = await world.ports.devices.get(deviceId);
    expect(device?.agentVersion).toContain('X-Forged');
    expect(textIn([device, world.records, world.lines, world.commands])).not.toMatch(hostilePattern);
  });

  test('a second one within 10 s counts for nothing and gets no answer', async () => {
    const world = createWorld();
    await say(world, hello);
    world.advance(helloMilliseconds - 1);
    await say(world, { ...hello, agent: '6.6.6' });
    expect(await world.ports.devices.get(deviceId)).toMatchObject({ agentVersion: '1.2.3' });
    expect(world.commands).toHaveLength(1);
    world.advance(1);
    await say(world, { ...hello, agent: '1.2.4' });
    expect(await world.ports.devices.get(deviceId)).toMatchObject({ agentVersion: '1.2.4' });
  });

  test('a key whose record could not be written is not welcomed', async () => {
    const world = createWorld();
    world.mood.audit = false;
    expect(await codeOf(say(world, hello))).toBe('unavailable');
    expect(world.commands).toEqual([]);
  });

  test("a stock client's key joins the others", async () => {
    const world = createWorld();
    await say(world, { ...hello, stock: true });
    expect(await world.ports.devices.get(deviceId)).toMatchObject({ stockKeys: [{ publicKey: deviceKeyLine }] });
  });

  test.each([
    ['not a key', 'hello'],
    ['another type than it says', deviceKeyLine.replace('ssh-ed25519', 'ssh-rsa')],
    ['cut short', deviceKeyLine.slice(0, -8)],
    ['two lines', `${deviceKeyLine}\n${deviceKeyLine}`],
    ['DSA', `ssh-dss ${Buffer.from('\0\0\0\x07ssh-dss').toString('base64')}`],
    [
      'a security key',
      `sk-ssh-ed25519@openssh.com ${Buffer.concat([
        Buffer.from([0, 0, 0, 26]),
        Buffer.from('sk-ssh-ed25519@openssh.com'),
        Buffer.from(deviceKeyLine.split(' ')[1] ?? '', 'base64').subarray(15),
        Buffer.from([0, 0, 0, 4]),
        Buffer.from('ssh:'),
      ]).toString('base64')}`,
    ],
    ['a 1024 bit RSA key', `ssh-rsa ${rsaBlob(1024)}`],
  ])('%s is refused, and the device is as it was', async (_, key) => {
    const world = createWorld();
    expect(await codeOf(say(world, { ...hello, key }))).toBe('invalid_request');
    expect(await world.ports.devices.get(deviceId)).toBeUndefined();
    expect(world.commands).toEqual([]);
  });

  test('host keys that nobody here could check are left out', async () => {
    const world = createWorld();
    await say(world, { ...hello, hostKeys: ['ssh-dss AAAA', deviceKeyLine, hostileText] });
    expect(await world.ports.devices.get(deviceId)).toMatchObject({ hostKeys: [deviceKeyLine] });
  });

  test.each([
    [{ device: 'x'.repeat(129) }],
    [{ device: '#' }],
    [{ clientId: '' }],
    [{ clientId: 'x'.repeat(129) }],
    [{ clientId: 'pump\u001b7' }],
  ])('a sender that cannot be: %j', async (from) => {
    const world = createWorld();
    expect(await codeOf(say(world, hello, from))).toBe('invalid_request');
  });
});

describe('of tunnels', () => {
  test('opened confirms the relay that holds it', async () => {
    const world = createWorld();
    await world.put();
    await world.take(tunnelId);
    await say(world, { type: 'opened', tunnel: tunnelId, serverId });
    expect(await world.ports.tunnels.get(tunnelId)).toMatchObject({ confirmed: serverId });
  });

  test('opened at another relay than the holder confirms nothing', async () => {
    const world = createWorld();
    await world.put();
    await world.take(tunnelId);
    await say(world, { type: 'opened', tunnel: tunnelId, serverId: 'rbbbbbbbbb' });
    expect(await world.ports.tunnels.get(tunnelId)).not.toHaveProperty('confirmed');
  });

  test('failed closes it with the words of the device, made harmless, and tells everybody', async () => {
    const world = createWorld();
    await world.put();
    await say(world, { type: 'failed', tunnel: tunnelId, code: 'refused', detail: hostileText });
    const row = await world.ports.tunnels.get(tunnelId);
    expect(row).toMatchObject({ state: 'closed', reason: 'device_failed' });
    expect(row?.detail).toMatch(/^refused: \\u\{1b\}\[31m\\u\{d\}\\u\{a\}X-Forged: 1/);
    expect(textIn([row, world.records, world.lines, world.changes])).not.toMatch(hostilePattern);
    expect(world.changes).toMatchObject([{ kind: 'tunnel_closed', tunnel: tunnelId, reason: 'device_failed' }]);
    expect(world.entries()).toMatchObject([{ kind: 'ended', code: 'device_failed', operator: operatorId }]);
  });

  test('closed closes it and lets its port rest', async () => {
    const world = createWorld();
    await world.put();
    const taken = await world.take(tunnelId);
    await say(world, { type: 'closed', tunnel: tunnelId });
    expect(await world.ports.tunnels.get(tunnelId)).toMatchObject({ state: 'closed', reason: 'device' });
    const { port = 0, space = '' } = taken.ok ? taken.row : {};
    expect(await world.ports.claims.get(port, space)).toMatchObject({ restUntil: startOfTime + 600_000 });
  });

  test.each([
    [{ type: 'opened', tunnel: tunnelId, serverId }],
    [{ type: 'failed', tunnel: tunnelId, code: 'x', detail: 'x' }],
    [{ type: 'closed', tunnel: tunnelId }],
  ])("another device's tunnel is not its to speak of: %j", async (event) => {
    const world = createWorld();
    await world.put();
    await world.take(tunnelId);
    expect(await codeOf(say(world, event, { device: 'pump-8' }))).toBe('not_found');
    expect(await world.ports.tunnels.get(tunnelId)).toMatchObject({ state: 'open', epoch: 1 });
    expect(await world.ports.tunnels.get(tunnelId)).not.toHaveProperty('confirmed');
    await world.ports.hub.settle();
    expect(world.entries()).toMatchObject([{ kind: 'refused', code: 'not_found', device: 'pump-8' }]);
  });

  test('what comes after the end changes nothing', async () => {
    const world = createWorld();
    await world.put();
    await world.ports.tunnels.close(tunnelId, 'operator', { now: world.clock.now() });
    await say(world, { type: 'failed', tunnel: tunnelId, code: 'x', detail: 'x' });
    expect(await world.ports.tunnels.get(tunnelId)).toMatchObject({ reason: 'operator' });
    expect(world.changes).toEqual([]);
  });
});

function rsaBlob(bits: number): string {
  const string = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes]);
  const modulus = Buffer.concat([Buffer.alloc(1), Buffer.alloc(bits / 8, 0xd7)]);
  const parts = [Buffer.from('ssh-rsa'), Buffer.from([1, 0, 1]), modulus];
  return Buffer.concat(parts.map(string)).toString('base64');
}
