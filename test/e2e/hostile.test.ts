import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { MqttClient } from 'mqtt';
import ssh2, { type Client, type ConnectConfig } from 'ssh2';
import { generateEd25519 } from '../../adapters/ssh/keys.ts';
import { basicIngest, rules, topics } from '../../core/names.ts';
import type { DeviceView } from '../../core/wire/device-view.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { type DeviceIdentity, enrol } from '../../local/system/local-device.ts';
import { mustCall } from '../../local/system/local-operator.ts';
import { auditOf, recordThat } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { evil, harmIn, harmInLogs } from '../support/harm.ts';
import { asDevice, connectMqtt } from '../support/mqtt-client.ts';
import { connectOperator, endOf, type OperatorMqtt } from '../support/operator-mqtt.ts';
import { rawHttps } from '../support/raw-https.ts';
import { rowsOf } from '../support/row-counts.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// Escape sequences, line ends, bidirectional marks and markup in whatever a device or a client can set.

/** For places that one line of text may reach. */
const evilLine = evil.replaceAll(/[\r\n]/g, '');

describeWith(['ssh', 'ssh-keygen'], 'hostile texts come out harmless', () => {
  let system: TestSystem;
  let ada: OperatorMqtt;
  let mallory: DeviceIdentity;
  let device: MqttClient;
  const key = generateEd25519();
  const commands: { readonly type: string; readonly tunnel: string }[] = [];

  const say = (event: object) =>
    device.publishAsync(basicIngest(rules.deviceEvents, topics.events(mallory.id)), JSON.stringify(event), { qos: 1 });
  const viewOf = (id: string) => mustCall<TunnelView>(system.ada, 'GET', `/v1/tunnels/${id}`);

  beforeAll(async () => {
    system = await startTestSystem();
    await system.writeSshConfig();
    ada = await connectOperator(system, system.ada);
    mallory = await enrol(system, 'mallory-1');
    device = await connectMqtt(system, asDevice(mallory));
    device.on('message', (_topic, payload) => commands.push(JSON.parse(payload.toString('utf8'))));
    await say({
      ...{ v: 1, type: 'hello', key: key.publicLine(evilLine), services: [{ name: 'ssh', scheme: 'ssh', port: 22 }] },
      ...{ agent: evil, hostKeys: [generateEd25519().publicLine(evilLine), `${evil} AAAA`] },
    });
    await eventually(() => commands.find(({ type }) => type === 'welcome'), 'a welcome');
  }, 120_000);
  afterAll(async () => {
    await device?.endAsync(true);
    await ada?.close();
    await system?.stop();
  }, 60_000);

  test("a device's hello", async () => {
    const view = await mustCall<DeviceView>(system.ada, 'GET', '/v1/devices/mallory-1');
    expect(view.agentVersion).toContain('\\u{1b}[2J\\u{d}\\u{a}\\u{202e}\\u{2066}');
    expect(view.hostKeys).toEqual([expect.stringMatching(/^ssh-ed25519 [A-Za-z0-9+/=]+$/)]);
    expect(harmIn(view)).toEqual([]);
  });

  test('why a device failed, told by ssh, in the API and by MQTT', async () => {
    const asked = system.ssh([`root@mallory-1.${system.domain}`, 'true']);
    const { tunnel } = await eventually(() => commands.find(({ type }) => type === 'open'), 'a command to open');
    await say({ v: 1, type: 'failed', tunnel, code: evil.slice(0, 64), detail: `no${evil}` });
    const { code, err } = await asked;
    expect({ code, err }).toEqual({ code: 255, err: expect.stringContaining('device_failed') });
    expect(harmIn(err.replaceAll('\n', '').replaceAll('\r', ''))).toEqual([]);
    const { detail } = await viewOf(tunnel);
    expect(detail).toContain('no\\u{1b}[2J');
    expect(await ada.event(endOf(({ id }) => id === tunnel))).toMatchObject({ tunnel: { detail } });
  });

  test('why a device closed, and messages that are none', async () => {
    const earlier = commands.length;
    const { id } = await mustCall<TunnelView>(system.ada, 'POST', '/v1/devices/mallory-1/tunnels', { service: 'ssh' });
    await eventually(() => commands.slice(earlier).find(({ tunnel }) => tunnel === id), 'a command to open');
    await say({ v: 1, type: 'opened', tunnel: id, [evil]: evil });
    await say({ v: 1, type: evil });
    await say({ v: 1, type: 'closed', tunnel: id, detail: evil });
    await ada.event(endOf((tunnel) => tunnel.id === id));
    expect((await viewOf(id)).detail).toContain('\\u{1b}[2J');
    await recordThat(system.ada, mallory.id, ({ kind, tunnel }) => kind === 'ended' && tunnel === id);
  });

  test.each<[string, string, string, unknown?, Record<string, string>?]>([
    ['a device', 'GET', `/v1/devices/${encodeURIComponent(evil)}`],
    ['a tunnel', 'GET', `/v1/tunnels/${encodeURIComponent(evil)}`],
    ['a path that is none', 'GET', `/v1/${encodeURIComponent(evil)}`],
    ['a query', 'GET', `/v1/devices?${encodeURIComponent(evil)}=${encodeURIComponent(evil)}`],
    ['a prefix', 'GET', `/v1/devices?prefix=${encodeURIComponent(evil)}`],
    ['a service', 'POST', '/v1/devices/mallory-1/tunnels', { service: evil }],
    ['a field', 'POST', '/v1/devices/mallory-1/tunnels', { service: 'ssh', [evil]: evil }],
    ['an address', 'POST', '/v1/devices/mallory-1/tunnels', { service: 'ssh', allow: [evil] }],
    ['no JSON', 'POST', '/v1/devices/mallory-1/tunnels', evil],
    ['an attribute', 'PATCH', '/v1/devices/mallory-1', { attributes: { site: evil } }],
    ["an attribute's name", 'PATCH', '/v1/devices/mallory-1', { attributes: { [evil]: 'north' } }],
    ['a key', 'PATCH', '/v1/devices/mallory-1', { keys: [`${evil} AAAA`] }],
    ["a service's name", 'PATCH', '/v1/devices/mallory-1', { services: [{ name: evil, scheme: 'ssh', port: 22 }] }],
    ['a principal', 'POST', '/v1/grants', { principal: `group:${evil}`, devices: '*', services: ['*'] }],
    ['a login', 'POST', '/v1/grants', { principal: 'group:x', devices: '*', services: ['*'], logins: [evil] }],
    ['an SSH key', 'POST', '/v1/me/keys', { publicKey: evil, name: evil, challenge: evil, signature: evil }],
    ['a fingerprint', 'DELETE', `/v1/me/keys/${encodeURIComponent(evil)}`],
    ['an idempotency key', 'POST', '/v1/grants', {}, { 'idempotency-key': '<script>\u009b' }],
  ])('%s: %s', async (...one) => {
    const [, method, path, body, headers = {}] = one;
    const { status, headers: given, body: problem } = await system.ada.call(method, path, body, headers);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(harmIn(problem)).toEqual([]);
    expect(given.get('content-type')).toMatch(/^application\/(problem\+)?json\b/);
  });

  test.each([
    '/v1/devices',
    '/v1/devices/mallory-1',
    '/v1/tunnels',
    '/v1/me',
    '/v1/me/keys',
    '/v1/relays',
    '/v1/health',
  ])('GET %s is JSON, and nothing guesses otherwise', async (path) => {
    const { status, headers, body } = await system.ada.call('GET', path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(harmIn(body)).toEqual([]);
  });

  test('what an operator asks by MQTT', async () => {
    const request = { service: 'ssh', [evil]: 1 };
    await ada.ask({ v: 1, type: 'request', id: 'h1', device: evil, request });
    const refused = await ada.event(
      (event): event is Extract<typeof event, { readonly type: 'refused' }> =>
        event.type === 'refused' && event.id === 'h1',
    );
    expect(refused.problem).toMatchObject({ code: 'invalid_request' });
    expect(harmIn(ada.heard)).toEqual([]);
  });

  /** An SSH client with texts that OpenSSH's own would not send. */
  const sshClient = async (options: ConnectConfig): Promise<Client> => {
    const client = new ssh2.Client();
    client.on('error', () => undefined);
    const ready = once(client, 'ready');
    client.connect({
      host: '127.0.0.1',
      readyTimeout: 5_000,
      ident: 'x\u001b[2J<script>alert(1)</script>',
      ...options,
    });
    await ready;
    return client;
  };
  /** What stands in the log of a process; resolves with the line. */
  const logged = (name: RegExp, pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      const stop = system.logs.follow((file, line) => {
        if (!name.test(file) || !pattern.test(line)) return;
        stop();
        resolve(line);
      });
    });

  test('SSH banners, user names, bind addresses, commands and host names', async () => {
    // Nobody's user name, at both doors.
    const doors = [
      [system.relayPort, /^relay-/],
      [system.routerPort, /^router$/],
    ] as const;
    for (const [port, log] of doors) {
      const refused = logged(log, /(dial|sign_in)\.refused/);
      const config = { port, username: evil, privateKey: generateEd25519().openSshPrivate() };
      await expect(sshClient(config)).rejects.toThrow(/authentication/);
      expect(await refused).toContain('script');
    }
    // A banner that is no banner.
    const ended = logged(/^relay-/, /ssh\.closed/);
    connect(system.relayPort, '127.0.0.1')
      .on('error', () => undefined)
      .resume()
      .end(`SSH-2.0-${evil}\r\n`);
    await ended;

    // The device with its own key.
    const dialled = await sshClient({ port: system.relayPort, username: mallory.id, privateKey: key.openSshPrivate() });
    const closed = logged(/^relay-/, /ssh\.closed.*mallory-1/);
    await expect(
      new Promise((resolve, reject) =>
        dialled.forwardIn(evil, 0, (error) => (error === undefined ? resolve(undefined) : reject(error))),
      ),
    ).rejects.toThrow();
    await expect(
      new Promise((resolve, reject) => dialled.exec(evil, (error) => (error ? reject(error) : resolve(undefined)))),
    ).rejects.toThrow();
    dialled.end();
    await closed;

    // The operator with hers.
    const privateKey = readFileSync(system.keyFile);
    const jumped = await sshClient({ port: system.routerPort, username: evil, privateKey });
    for (const host of [evil, `${evil}.${system.domain}`, `<script>--mallory-1.${system.domain}`]) {
      const error = await new Promise<Error | undefined>((resolve) => jumped.forwardOut(evil, 1, host, 22, resolve));
      expect(error?.message).toContain('not_found');
      expect(harmIn(error?.message)).toEqual([]);
    }
    jumped.end();
  });

  test('HTTP paths, headers and names at the router', async () => {
    const host = `web--mallory-1.${system.domain}`;
    const script = '<script>alert(1)</script>';
    const heads = [
      `GET /${script} HTTP/1.1\r\nHost: ${host}\r\nX-Evil: ${script}\u009b\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${script}.${host}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nSallyport-Token: ${script}\r\n\r\n`,
      `GET /${script} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${system.ada.token}\r\n\r\n`,
      `GET /${script} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: ${script}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Evil: ${evil}\r\n\r\n`,
      `${script} / HTTP/1.1\r\n\r\n`,
    ];
    for (const one of heads) {
      const { head, body } = await rawHttps(system, host, one);
      expect(head).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(harmIn(head.split('\r\n'))).toEqual([]);
      expect(harmIn(body)).toEqual([]);
      if (body === '') continue;
      expect(head).toMatch(/^content-type: application\/problem\+json/im);
      expect(head).toMatch(/^x-content-type-options: nosniff/im);
    }
  });

  test('and after all of it no log, audit record or row holds any', async () => {
    expect(harmIn(await auditOf(system.ada, mallory.id))).toEqual([]);
    for (const noun of ['audit', 'devices', 'tunnels', 'operatorKeys', 'grants', 'once'] as const)
      expect(harmIn(await rowsOf(system, noun))).toEqual([]);
    expect(harmInLogs(dirname(system.logs.path('any')))).toEqual([]);
  });
});
