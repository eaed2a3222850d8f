import { SallyportError } from '../../../core/errors.ts';
import { requestTunnel } from '../../../core/use-cases/request-tunnel.ts';
import { tunnelRequestSchema } from '../../../core/wire/api.ts';
import {
  codeOf,
  createWorld,
  deviceId,
  deviceKeyLine,
  operator,
  operatorId,
  startOfTime,
  type World,
} from './world.ts';

const ask = (world: World, request: Record<string, unknown> = { service: 'ssh' }, device = deviceId) =>
  requestTunnel(world.ports, {
    operator,
    device,
    request: tunnelRequestSchema.parse(request),
    origin: 'api',
    way: 'api',
    source: '203.0.113.9',
    defaultAllow: ['203.0.113.9/32'],
  });

const ready = async () => {
  const world = createWorld();
  await Promise.all([world.grant(), world.hello()]);
  return world;
};

describe('a request that is allowed', () => {
  test('is recorded before its row is put, and its row is put before the device hears of it', async () => {
    const world = await ready();
    const tunnel = await ask(world);
    expect(world.order).toEqual(['audit started', 'audit allowed', 'create', 'command open']);
    expect(world.entries()).toMatchObject([
      { kind: 'allowed', action: 'request', operator: operatorId, device: deviceId, tunnel: tunnel.id, service: 'ssh' },
    ]);
    expect(await world.ports.tunnels.get(tunnel.id)).toMatchObject({ state: 'opening', allow: ['203.0.113.9/32'] });
  });

  test('answers the tunnel, the host keys as known_hosts lines, and the logins', async () => {
    const world = await ready();
    const tunnel = await ask(world);
    expect(tunnel).toMatchObject({ state: 'opening', device: deviceId, service: 'ssh', confirmed: false });
    expect(tunnel.endsAt).toBe(new Date(startOfTime + 3_600_000).toISOString());
    expect(tunnel.logins).toEqual(['root']);
    const names = `pump-7.sallyport.test,ssh--pump-7.sallyport.test,t-${tunnel.id}.sallyport.test`;
    expect(tunnel.hostKeys).toEqual([`${names} ${deviceKeyLine}`]);
  });

  test('tells the device where to dial, whom to trust there, and how long', async () => {
    const world = await ready();
    const { id } = await ask(world, { port: 22, ttlSeconds: 600 });
    expect(world.commands).toEqual([
      {
        clientId: deviceId,
        command: {
          v: 1,
          type: 'open',
          tunnel: id,
          service: 'ssh',
          relay: { host: 'relay.sallyport.test', port: 443 },
          pins: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFpin'],
          pinsVersion: 7,
          seconds: 600,
          idleSeconds: 900,
        },
      },
    ]);
  });

  test('keeps the ranges that were asked for, in canonical form', async () => {
    const world = await ready();
    const { allow } = await ask(world, { service: 'ssh', allow: ['192.0.2.77/24', '2001:DB8::1'] });
    expect(allow).toEqual(['192.0.2.0/24', '2001:db8::1/128']);
  });

  test('an http service has no SSH host keys to show', async () => {
    const world = await ready();
    expect(await ask(world, { service: 'web' })).toMatchObject({ scheme: 'http', hostKeys: [] });
  });

  test('says open when the relay was faster than the acknowledgement', async () => {
    const world = await ready();
    const { send } = world.ports.messages;
    world.ports.messages.send = async (target, command) => {
      const delivery = await send(target, command);
      if (command.type === 'open') await world.take(command.tunnel);
      return delivery;
    };
    expect(await ask(world)).toMatchObject({ state: 'open', serverId: 'raaaaaaaaa' });
  });

  test('sends nothing when the device is told by other means', async () => {
    const world = await ready();
    expect(await ask(world, { service: 'ssh', deliver: false })).toMatchObject({ state: 'requested' });
    expect(world.commands).toEqual([]);
  });

  test('waits for nobody where commands are only published', async () => {
    const world = await ready();
    world.mood.delivery = 'published';
    expect(await ask(world)).toMatchObject({ state: 'requested' });
  });
});

describe('a request that fails', () => {
  test('without its audit record: nothing is put and nothing is sent', async () => {
    const world = await ready();
    world.mood.audit = false;
    expect(await codeOf(ask(world))).toBe('unavailable');
    expect(world.order).toEqual([]);
    expect((await world.ports.tunnels.listByOperator(operatorId, { limit: 10 })).rows).toEqual([]);
  });

  test.each([
    ['offline', 'device_offline', 'device_offline'],
    ['silent', 'device_silent', 'device_silent'],
    ['error', 'unavailable', 'unanswered'],
  ] as const)('%s: refused as %s, the row closed as %s', async (delivery, code, reason) => {
    const world = await ready();
    world.mood.delivery = delivery;
    expect(await codeOf(ask(world))).toBe(code);
    const { rows } = await world.ports.tunnels.listByOperator(operatorId, { limit: 10 });
    expect(rows).toMatchObject([{ state: 'closed', reason }]);
    expect(world.entries()).toMatchObject([{ kind: 'allowed' }, { kind: 'ended', code: reason }]);
  });

  test('an offline device: when it was last seen', async () => {
    const world = await ready();
    world.mood.delivery = 'offline';
    const error = await ask(world).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SallyportError);
    expect(error).toHaveProperty('extra.lastSeenAt', new Date(startOfTime - 60_000).toISOString());
  });

  test('a refusal is recorded with its code, and nothing else happens', async () => {
    const world = createWorld();
    await world.hello();
    expect(await codeOf(ask(world))).toBe('not_found');
    await world.ports.hub.settle();
    expect(world.entries()).toMatchObject([
      { kind: 'refused', code: 'not_found', operator: operatorId, device: deviceId, source: '203.0.113.9' },
    ]);
    expect(world.order).toEqual(['audit started', 'audit refused']);
  });

  test.each([
    [{ service: 'ssh', allow: ['192.0.2.1', 'nowhere'] }, deviceId],
    [{ service: 'ssh', allow: ['0.0.0.0/0'] }, deviceId],
    [{ service: 'ssh' }, 'x'.repeat(129)],
    [{ service: 'ssh' }, 'pump/7'],
  ])('what is not well formed is not even looked up: %j of %.10s', async (request, device) => {
    const world = createWorld();
    world.ports.grants.of = () => {
      throw new Error('was asked');
    };
    expect(await codeOf(ask(world, request, device))).toBe('invalid_request');
    expect(world.order).toEqual([]);
  });

  test('a hidden device and none at all cost the same reads', async () => {
    const reads = async (device: string) => {
      const world = await ready();
      const asked: string[] = [];
      for (const port of [world.ports.grants, world.ports.devices, world.ports.tunnels])
        for (const [name, work] of Object.entries(port) as [string, (...given: unknown[]) => unknown][])
          Object.assign(port, {
            [name]: (...given: unknown[]) => {
              asked.push(name);
              return work(...given);
            },
          });
      expect(await codeOf(ask(world, { service: 'ssh' }, device))).toBe('not_found');
      return asked;
    };
    const world = await ready();
    await world.hello({ id: 'valve-1' });
    expect(await reads('valve-1')).toEqual(await reads('valve-2'));
  });
});
