import { SallyportError } from '../../../core/errors.ts';
import { certificateLost, revokeDevice } from '../../../core/use-cases/revoke-device.ts';
import { codeOf, createWorld, deviceId, otherId } from '../use-cases/world.ts';

const [one, two] = ['1'.repeat(64), '2'.repeat(64)] as const;

const open = () => {
  const world = createWorld();
  const certificates = new Map([[one, true]]);
  const connected = new Set([deviceId, `${deviceId}.sallyport`]);
  const asked: string[] = [];
  const mood = { registry: true };
  const things = {
    certificatesOf: async () => {
      if (!mood.registry) throw new SallyportError('unavailable');
      return [...certificates].map(([id, active]) => ({ id, active }));
    },
    devicesOf: async () => [deviceId],
    retire: async (id: string, how: string) => {
      world.order.push(`retire ${how}`);
      certificates.set(id, false);
    },
  };
  const connections = {
    end: async (clientId: string) => {
      asked.push(clientId);
      world.order.push('disconnect');
      return connected.delete(clientId);
    },
  };
  return { ...world, ports: { ...world.ports, things, connections }, certificates, asked, registry: mood };
};
const asking = { device: deviceId, administrator: otherId, way: 'api' };

test('what runs is cut before anything that can fail or takes time', async () => {
  const { ports, hello, order, changes, entries } = open();
  await hello();
  expect(await revokeDevice(ports, asking)).toEqual({
    device: deviceId,
    verdict: 'freeze',
    retired: 1,
    disconnected: 2,
  });
  expect(order.filter((step) => !step.startsWith('audit started'))).toEqual([
    'audit changed',
    'change device_frozen',
    'retire revoked',
    'disconnect',
    'disconnect',
  ]);
  expect(changes).toMatchObject([{ kind: 'device_frozen', device: deviceId }]);
  expect(entries()).toMatchObject([{ kind: 'changed', action: 'device.revoke', operator: otherId, device: deviceId }]);
  expect(await ports.devices.get(deviceId)).toMatchObject({ frozen: true });
});

test('neither a silent audit table nor a silent registry keeps the sessions alive', async () => {
  const { ports, hello, mood, registry, changes } = open();
  await hello();
  mood.audit = false;
  registry.registry = false;
  expect(await codeOf(revokeDevice(ports, asking))).toBe('unavailable');
  expect(changes).toMatchObject([{ kind: 'device_frozen' }]);
  expect(await ports.devices.get(deviceId)).toMatchObject({ frozen: true });
});

test('every client id that can be the device is disconnected, and none that cannot exist', async () => {
  const { ports, asked } = open();
  await ports.devices.hello(deviceId, {
    ...{ clientId: 'announced', agentVersion: '1', services: [], stock: false, hostKeys: [], at: 1 },
    key: { fingerprint: 'SHA256:x', publicKey: 'ssh-ed25519 AAAA', addedAt: 1 },
  });
  await revokeDevice(ports, asking);
  expect(asked.sort()).toEqual(['announced', deviceId, `${deviceId}.sallyport`]);
  asked.length = 0;
  const longest = 'd'.repeat(128);
  await revokeDevice(ports, { ...asking, device: longest });
  expect(asked).toEqual([longest]);
});

test('without another certificate the device is frozen; with one it only loses what it said over the lost one', async () => {
  const { ports, hello, certificates, changes } = open();
  await hello();
  certificates.set(one, false);
  certificates.set(two, true);
  const lost = { device: deviceId, certificate: one, way: 'registry' };
  expect(await certificateLost(ports, lost)).toMatchObject({ verdict: 'forget_keys' });
  const row = await ports.devices.get(deviceId);
  expect(row).toMatchObject({ frozen: false, stockKeys: [] });
  expect(row).not.toHaveProperty('sessionKey');
  expect(changes).toMatchObject([{ kind: 'device_keys', device: deviceId }]);
  certificates.set(two, false);
  expect(await certificateLost(ports, { ...lost, certificate: two })).toMatchObject({ verdict: 'freeze' });
  expect(await ports.devices.get(deviceId)).toMatchObject({ frozen: true });
});

test("a thing of the account that is no device of ours is nobody's business here", async () => {
  const { ports, asked, changes } = open();
  expect(await certificateLost(ports, { device: 'lamp', certificate: one, way: 'registry' })).toBeUndefined();
  expect([asked, changes, await ports.devices.get('lamp')]).toEqual([[], [], undefined]);
});

test('news that came too late to be true do nothing', async () => {
  const { ports, hello, asked } = open();
  await hello();
  expect(await certificateLost(ports, { device: deviceId, certificate: one, way: 'registry' })).toMatchObject({
    verdict: 'stands',
  });
  expect(asked).toEqual([]);
  expect(await ports.devices.get(deviceId)).toMatchObject({ frozen: false });
});

test('only the ids of devices', async () => {
  expect(await codeOf(revokeDevice(open().ports, { ...asking, device: 'pump#site' }))).toBe('invalid_request');
});
