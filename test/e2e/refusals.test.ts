import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { IClientOptions } from 'mqtt';
import type { AuditRecord } from '../../core/model/audit-record.ts';
import type { Tunnel } from '../../core/model/tunnel.ts';
import { basicIngest, rules, topics } from '../../core/names.ts';
import type { Pass } from '../../core/wire/door.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { type DeviceIdentity, enrol } from '../../local/system/local-device.ts';
import { type LocalOperator, makeKey, mustCall, registerKey, signIn } from '../../local/system/local-operator.ts';
import { doorHeader, visitDoor } from '../support/door-visit.ts';
import { eventually } from '../support/eventually.ts';
import { httpsGet } from '../support/https-get.ts';
import { takeRelaysPlace } from '../support/impostor.ts';
import { asDevice, asOperator, connectMqtt } from '../support/mqtt-client.ts';
import { run, start } from '../support/run.ts';
import { startTestSystem, type TestDevice, type TestSystem } from '../support/system.ts';
import { openSystemStore, type SystemStore } from '../support/system-store.ts';
import { describeWith } from '../support/tools.ts';

// Who must not get in, and does not: each with the code that says why, and a record of the attempt.

const quiet = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=INFO'].flatMap(
  (option) => ['-o', option],
);

describeWith(['ssh', 'sftp', 'ssh-keygen', 'sshd', 'xauth'], 'what the whole system refuses', () => {
  let system: TestSystem;
  let store: SystemStore;
  let pump: TestDevice;
  /** A device without our agent: only a stock SSH client and its key. */
  let valve: DeviceIdentity;
  let ada: { readonly id: string; readonly me: LocalOperator };
  let bob: { readonly id: string; readonly me: LocalOperator; readonly key: string };
  const children: { kill(): Promise<void> }[] = [];
  const keyOf = (name: string) => join(system.directory, name);

  beforeAll(async () => {
    system = await startTestSystem();
    store = await openSystemStore(system);
    const stranger = await signIn(system, 'bob', []);
    const idOf = async (who: LocalOperator) => (await mustCall<{ operator: string }>(who, 'GET', '/v1/me')).operator;
    ada = { id: await idOf(system.ada), me: system.ada };
    bob = { id: await idOf(stranger), me: stranger, key: keyOf('bob') };
    for (const name of ['bob', 'valve', 'nobody']) await makeKey(keyOf(name));
    await registerKey(bob.me, bob.key);
    [pump, valve] = await Promise.all([system.device('pump-7'), enrol(system, 'valve-3')]);
    await system.writeSshConfig();
    await announceStockKey(valve, `${keyOf('valve')}.pub`);
  }, 120_000);
  afterAll(async () => {
    for (const child of children) await child.kill();
    await store?.close();
    await system?.stop();
  }, 60_000);

  const publish = async (identity: DeviceIdentity, event: object) => {
    const client = await connectMqtt(system, asDevice(identity));
    await client.publishAsync(basicIngest(rules.deviceEvents, topics.events(identity.id)), JSON.stringify(event), {
      qos: 1,
    });
    await client.endAsync();
  };
  const announceStockKey = async (identity: DeviceIdentity, publicKeyFile: string) => {
    const services = [
      { name: 'ssh', scheme: 'ssh', port: 22 },
      { name: 'web', scheme: 'http', port: 80 },
    ];
    const key = readFileSync(publicKeyFile, 'utf8').trim();
    await publish(identity, { v: 1, type: 'hello', key, stock: true, services, agent: 'stock', hostKeys: [] });
    await store.record({ action: 'hello', device: identity.id });
  };

  const request = (who: LocalOperator, device: string, body: object) =>
    who.call<TunnelView & { readonly code: string }>('POST', `/v1/devices/${device}/tunnels`, body);
  /** A tunnel of ada's that nobody opens until a test does. */
  const unopened = async (device: string, service = 'ssh') =>
    await mustCall<TunnelView>(ada.me, 'POST', `/v1/devices/${device}/tunnels`, { service, deliver: false });
  const tunnelName = ({ id }: Pick<TunnelView, 'id'>) => `t-${id}.${system.domain}`;
  const rowOf = async (id: string) => {
    const row = (await store.rows<Tunnel>('tunnels')).find((one) => one.id === id);
    if (row === undefined) throw new Error(`no tunnel ${id}`);
    return row;
  };

  const stockDial = (key: string, user: string, args: readonly string[]) => [
    ...quiet,
    ...['-i', keyOf(key), '-o', 'IdentitiesOnly=yes', '-o', 'ExitOnForwardFailure=yes'],
    ...['-p', String(system.relayPort), ...args, `${user}@127.0.0.1`],
  ];
  const forward = (tunnel: string) => ['-N', '-R', `${tunnel}:0:127.0.0.1:${pump.machine.ready.webPort}`];
  const jump = (key: string, host: string, port = 22) =>
    run('ssh', [
      ...quiet,
      ...['-i', key, '-o', 'IdentitiesOnly=yes', '-p', String(system.routerPort)],
      ...['-W', `${host}:${port}`, 'jump@127.0.0.1'],
    ]);

  describe('without a grant', () => {
    test('the device is not found, by API, ssh -J and https; with a grant to another service it is the real reason', async () => {
      const open = await system.open('pump-7');
      const web = await system.open('pump-7', { service: 'web' });
      expect(await request(bob.me, 'pump-7', { service: 'ssh' })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
      await store.record({ kind: 'refused', action: 'request', operator: bob.id, device: 'pump-7', code: 'not_found' });
      // The same as for a device that is not there.
      expect(await request(bob.me, 'no-such', { service: 'ssh' })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
      for (const path of ['/v1/devices/pump-7', `/v1/tunnels/${open.id}`])
        expect(await bob.me.call('GET', path)).toMatchObject({ status: 404 });
      // A name is never the protection: bob knows ada's tunnels.
      for (const host of [tunnelName(open), `pump-7.${system.domain}`]) {
        const { out, err } = await jump(bob.key, host);
        expect(out).toBe('');
        expect(err).toMatch(/not_found/);
      }
      await store.record({ kind: 'refused', action: 'connect', operator: bob.id, tunnel: open.id, code: 'not_found' });
      expect(await httpsGet(system, tunnelName(web), { token: bob.me.token })).toMatchObject({ status: 404 });
      await store.record({ kind: 'refused', action: 'connect', operator: bob.id, tunnel: web.id, way: 'http' });

      const grant = { principal: `operator:${bob.id}`, devices: 'pump-*', services: ['web'] };
      await mustCall(ada.me, 'POST', '/v1/grants', grant);
      expect(await request(bob.me, 'pump-7', { service: 'ssh' })).toMatchObject({
        status: 403,
        body: { code: 'service_not_granted' },
      });
      await store.record({ action: 'request', operator: bob.id, device: 'pump-7', code: 'service_not_granted' });
      // Ada's tunnel stays hers, granted or not. Another one, for a decision may be 5 s old.
      const other = await system.open('pump-7', { service: 'web' });
      expect(await httpsGet(system, tunnelName(other), { token: bob.me.token })).toMatchObject({ status: 404 });
      expect(await httpsGet(system, tunnelName(other), { token: ada.me.token })).toMatchObject({ status: 200 });
    });

    test('only administrators read the records and make grants', async () => {
      expect(await bob.me.call('GET', `/v1/audit?operator=${bob.id}`)).toMatchObject({ status: 403 });
      const grant = { principal: `operator:${bob.id}`, devices: '*', services: ['*'] };
      expect(await bob.me.call('POST', '/v1/grants', grant)).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
      await store.record({ kind: 'refused', action: 'POST /v1/grants', operator: bob.id, code: 'forbidden' });
      const { records } = await mustCall<{ records: readonly AuditRecord[] }>(
        ada.me,
        'GET',
        `/v1/audit?operator=${bob.id}`,
      );
      expect(records.map(({ code }) => code)).toContain('service_not_granted');
    });
  });

  describe('at a relay', () => {
    test("another device's key", async () => {
      const { id } = await unopened('pump-7');
      const { code, err } = await run('ssh', stockDial('valve', 'pump-7', forward(id)));
      expect(code).toBe(255);
      expect(err).toContain('Permission denied (publickey)');
      await store.record({ kind: 'refused', action: 'dial', device: 'pump-7', code: 'unauthenticated' });
      expect((await rowOf(id)).epoch).toBe(0);
    });

    test("the right key for another device's tunnel", async () => {
      const { id } = await unopened('pump-7');
      const { code, err } = await run('ssh', stockDial('valve', 'valve-3', forward(id)));
      expect(code).toBe(255);
      expect(err).toMatch(/remote port forwarding failed/i);
      const record = await store.record({ kind: 'refused', action: 'forward', device: 'valve-3', code: 'not_found' });
      expect(record.facts).toMatchObject({ bindAddress: id });
      expect((await rowOf(id)).epoch).toBe(0);
    });

    const refusedRequests = async () =>
      (await store.rows<AuditRecord>('audit')).filter(
        ({ action, code, device }) => action === 'ssh_request' && code === 'forbidden' && device === 'valve-3',
      ).length;

    // Agent and X11 forwarding are asked for on a session, and there is none.
    test.each([
      ['a shell', ['-tt'], [], /no shell, command or file transfer here/],
      ['a command', ['-T'], ['id'], /no shell, command or file transfer here/],
      ['a connection by -W', ['-W', '127.0.0.1:22'], [], /this server does not connect anywhere/],
      ['an agent by -A', ['-A', '-T'], ['id'], /no shell, command or file transfer here/],
      ['X11 by -X', ['-X', '-T'], ['id'], /no shell, command or file transfer here/],
    ])('%s is refused in words that OpenSSH prints', async (_what, options, command, words) => {
      const before = await refusedRequests();
      const env = { ...process.env, DISPLAY: ':99' };
      const { code, out, err } = await run('ssh', [...stockDial('valve', 'valve-3', options), ...command], { env });
      expect({ code, out }).toEqual({ code: 255, out: '' });
      expect(err).toMatch(words);
      await eventually(async () => ((await refusedRequests()) > before ? true : undefined), 'a record of the request');
    });

    test('sftp is refused in words that OpenSSH prints', async () => {
      const before = await refusedRequests();
      const options = ['-i', keyOf('valve'), '-P', String(system.relayPort)];
      const { code, err } = await run('sftp', [...quiet, ...options, 'valve-3@127.0.0.1']);
      expect(code).not.toBe(0);
      expect(err).toMatch(/no shell, command or file transfer here/);
      await eventually(async () => ((await refusedRequests()) > before ? true : undefined), 'a record of the request');
    });

    test('a connection by -L is refused in words that OpenSSH prints', async () => {
      const before = await refusedRequests();
      const port = await freePort();
      const local = start('ssh', stockDial('valve', 'valve-3', ['-v', '-N', '-L', `127.0.0.1:${port}:127.0.0.1:22`]));
      children.push(local);
      await local.says(/Entering interactive session/);
      const socket = connect({ host: '127.0.0.1', port });
      await local.says(/open failed: administratively prohibited: this server does not connect anywhere/);
      await eventually(async () => ((await refusedRequests()) > before ? true : undefined), 'a record of the request');
      socket.destroy();
      await local.kill();
    });
  });

  describe('a tunnel that has expired and whose row is still there', () => {
    let tunnel: TunnelView;
    beforeAll(async () => {
      tunnel = await unopened('valve-3');
      // Deletion by TTL comes up to two days late.
      await store.put('tunnels', { ...(await rowOf(tunnel.id)), endsAt: Date.now() - 1 });
    });

    test('at a relay', async () => {
      const { err } = await run('ssh', stockDial('valve', 'valve-3', forward(tunnel.id)));
      expect(err).toMatch(/remote port forwarding failed/i);
      await store.record({ kind: 'refused', action: 'forward', device: 'valve-3', code: 'tunnel_closed' });
    });

    test('at a router', async () => {
      const { err } = await jump(system.keyFile, tunnelName(tunnel));
      expect(err).toMatch(/tunnel_closed/);
      await store.record({ kind: 'refused', action: 'connect', tunnel: tunnel.id, code: 'tunnel_closed' });
    });

    test('at the API, which neither shows it alive nor lets it live longer', async () => {
      expect(await ada.me.call('GET', `/v1/tunnels/${tunnel.id}`)).toMatchObject({
        body: { state: 'closed', reason: 'expired' },
      });
      expect(await ada.me.call('PATCH', `/v1/tunnels/${tunnel.id}`, { ttlSeconds: 600 })).toMatchObject({
        status: 409,
        body: { code: 'tunnel_closed' },
      });
      await store.record({ kind: 'refused', action: 'change', tunnel: tunnel.id, code: 'tunnel_closed' });
      expect((await rowOf(tunnel.id)).endsAt).toBeLessThan(Date.now());
    });
  });

  test('a relay whose host key is not pinned: the agent does not even offer its key', async () => {
    await system.device('gate-1');
    const impostor = await takeRelaysPlace(system);
    try {
      const { id } = await mustCall<TunnelView>(ada.me, 'POST', '/v1/devices/gate-1/tunnels', { service: 'ssh' });
      const view = await mustCall<TunnelView>(ada.me, 'GET', `/v1/tunnels/${id}?wait=20`);
      expect(view).toMatchObject({ state: 'closed', reason: 'device_failed' });
      expect(view.detail).toMatch(/^relay_unpinned: the relay showed a host key that is not pinned/);
      expect(impostor.connections()).toBeGreaterThan(0);
      expect(impostor.offered).toEqual([]);
      const record = await store.record({ kind: 'ended', action: 'tunnel', tunnel: id, code: 'device_failed' });
      expect(record.facts?.detail).toMatch(/relay_unpinned/);
    } finally {
      await impostor.leave();
    }
    expect(await system.open('gate-1')).toMatchObject({ state: 'open' });
  });

  describe('at a door', () => {
    let visited: { readonly pass: Pass; readonly door: { address: string; port: number }; readonly key: Buffer };
    let otherKey: Buffer;
    let seen: number;
    type RelayRow = { id: string; address: string; doors: number[]; doorKey: string };
    const refusedVisits = async () =>
      (await store.rows<AuditRecord>('audit')).filter(
        ({ action, code }) => action === 'door' && code === 'unauthenticated',
      ).length;
    const noRecordLess = () =>
      eventually(async () => ((await refusedVisits()) > seen ? true : undefined), 'a record of the visit');

    beforeAll(async () => {
      const tunnel = await system.open('pump-7', { service: 'web' });
      const relays = await store.rows<RelayRow>('relays');
      const held = relays.find(({ id }) => id === tunnel.serverId);
      const other = relays.find(({ id }) => id !== tunnel.serverId);
      if (held === undefined || other === undefined) throw new Error('two relays are registered');
      const pass = { v: 1, tunnel: tunnel.id, epoch: tunnel.epoch, operator: ada.id, way: 'http' } as const;
      const door = { address: held.address, port: held.doors[0] ?? 0 };
      visited = { pass, door, key: Buffer.from(held.doorKey, 'base64') };
      otherKey = Buffer.from(other.doorKey, 'base64');
    });
    beforeEach(async () => {
      seen = await refusedVisits();
    });

    test('a header that is replayed', async () => {
      const { pass, door, key } = visited;
      const first = await visitDoor(door);
      const header = doorHeader(pass, { key, challenge: first.challenge });
      expect(await first.show(header)).toBe('ok');
      first.socket.destroy();
      const second = await visitDoor(door);
      expect(await second.show(header)).toBe('unauthorized');
      await noRecordLess();
    });

    test.each([
      ['unsigned', () => doorHeader(visited.pass)],
      ['signed with nothing', () => doorHeader(visited.pass, 'blank')],
    ])('a header that is %s', async (_how, header) => {
      const visit = await visitDoor(visited.door);
      expect(await visit.show(header())).toBe('unauthorized');
      await noRecordLess();
    });

    test('a header that is signed for another relay', async () => {
      const { challenge, show } = await visitDoor(visited.door);
      expect(await show(doorHeader(visited.pass, { key: otherKey, challenge }))).toBe('unauthorized');
      await noRecordLess();
    });

    test('a header that was changed after it was signed', async () => {
      const { pass, door, key } = visited;
      const { challenge, show } = await visitDoor(door);
      const header = doorHeader(pass, { key, challenge });
      const at = header.indexOf(pass.tunnel);
      header.write(pass.tunnel.startsWith('a') ? 'b' : 'a', at);
      expect(await show(header)).toBe('unauthorized');
      await noRecordLess();
    });
  });

  describe('a device without our agent', () => {
    test('that never says which relay it dialled gets nobody to its web page; its own SSH is end to end', async () => {
      const web = await unopened('valve-3', 'web');
      const dialled = start('ssh', stockDial('valve', 'valve-3', forward(web.id)));
      children.push(dialled);
      await dialled.says(/Allocated port \d+/);
      const answer = await httpsGet(system, tunnelName(web), { token: ada.me.token, path: '/nonce' });
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'not_confirmed' });
      await store.record({ kind: 'refused', action: 'connect', tunnel: web.id, code: 'not_confirmed' });

      // Another device's word counts for nothing.
      const { serverId } = await mustCall<TunnelView>(ada.me, 'GET', `/v1/tunnels/${web.id}`);
      await pump.agent.stop();
      await publish(pump.identity, { v: 1, type: 'opened', tunnel: web.id, serverId });
      await store.record({ kind: 'refused', action: 'device-event', device: 'pump-7', code: 'not_found' });
      expect(await httpsGet(system, tunnelName(web), { token: ada.me.token })).toMatchObject({ status: 503 });

      // The device's own does.
      await publish(valve, { v: 1, type: 'opened', tunnel: web.id, serverId });
      await eventually(async () => {
        const { status } = await httpsGet(system, tunnelName(web), { token: ada.me.token, path: '/nonce' });
        return status === 200 ? status : undefined;
      }, 'an answer through the confirmed tunnel');
      await dialled.kill();
      await pump.restartAgent();
    });
  });

  // What a broker denies no code of ours sees: in the cloud AWS IoT's own log has the line, here the stand-in's.
  describe('at the broker, whose own log is the record', () => {
    const denials: string[] = [];
    let unfollow: () => void;
    beforeAll(() => {
      unfollow = system.logs.follow((name, line) => {
        if (name === 'broker' && line.includes('denied')) denials.push(line);
      });
    });
    afterAll(() => unfollow());
    const denied = (action: string, ending: string) =>
      eventually(
        () => denials.find((line) => line.includes(action) && line.includes(ending)),
        `a line that denies ${action} on ${ending}`,
      );
    const refusedWith = (options: IClientOptions) =>
      expect(connectMqtt(system, options)).rejects.toMatchObject({ code: 0x87 });

    test("a device's certificate under another device's client id", async () => {
      await refusedWith({ ...asDevice(valve), clientId: 'pump-7' });
      await denied('iot:Connect', 'client/pump-7"');
    });

    test("a device's certificate at another device's topics", async () => {
      const client = await connectMqtt(system, asDevice(valve));
      const foreign = basicIngest(rules.deviceEvents, topics.events('pump-7'));
      await expect(client.publishAsync(foreign, '{}', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
      await denied('iot:Publish', `${foreign}"`);
      const commands = topics.commands('pump-7');
      await expect(client.subscribeAsync(commands, { qos: 1 })).rejects.toThrow('Not authorized');
      await denied('iot:Subscribe', `${commands}"`);
      await expect(client.subscribeAsync('#', { qos: 1 })).rejects.toThrow('Not authorized');
      await client.endAsync();
    });

    test("an operator's token at another operator's topics", async () => {
      const client = await connectMqtt(system, asOperator(bob.id, bob.me.token));
      for (const topic of [
        topics.operatorRequests(ada.id),
        basicIngest(rules.operatorRequests, topics.operatorRequests(ada.id)),
      ]) {
        await expect(client.publishAsync(topic, '{}', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
        await denied('iot:Publish', `${topic}"`);
      }
      await expect(client.subscribeAsync(topics.operatorEvents(ada.id))).rejects.toThrow('Not authorized');
      await denied('iot:Subscribe', `${topics.operatorEvents(ada.id)}"`);
      await client.endAsync();
    });
  });

  test("an operator's token under another operator's client id, at the custom authorizer", async () => {
    const foreign = { ...asOperator(bob.id, bob.me.token), clientId: `${ada.id}-0` };
    await expect(connectMqtt(system, foreign)).rejects.toMatchObject({ code: 0x87 });
    await store.record({ kind: 'refused', action: 'mqtt.connect', operator: bob.id, code: 'forbidden' });
  });
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};
