import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataPlane, domain, startDataPlane } from '../../support/data-plane.ts';
import { run, start } from '../../support/run.ts';
import { describeWith } from '../../support/tools.ts';

const quiet = [
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  'UserKnownHostsFile=/dev/null',
  '-o',
  'BatchMode=yes',
  '-o',
  'LogLevel=INFO',
];

describeWith(['ssh', 'ssh-keygen', 'dbclient', 'dropbearkey'], 'stock clients as devices', () => {
  let plane: DataPlane;
  let relay: Awaited<ReturnType<DataPlane['relay']>>;
  let router: Awaited<ReturnType<DataPlane['router']>>;
  let folder: string;
  let service: Server;
  let servicePort: number;
  const children: { kill(): Promise<void> }[] = [];
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    for (const name of ['device', 'other', 'operator'])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
    service = createServer((socket) => socket.on('error', () => undefined).end('hello from the device\n'));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    servicePort = (service.address() as { port: number }).port;
    plane = await startDataPlane();
    relay = await plane.relay();
    router = await plane.router();
    await plane.device('pump-7', readFileSync(file('device.pub'), 'utf8'));
    await plane.operatorKey(readFileSync(file('operator.pub'), 'utf8'));
    await plane.grant();
  });
  afterAll(async () => {
    for (const child of children) await child.kill();
    await plane.stop();
    service.close();
    rmSync(folder, { recursive: true });
  });

  const dial = (tunnel: string, key = 'device', user = 'pump-7') => {
    const child = start('ssh', [
      ...quiet,
      ...['-N', '-i', file(key), '-o', 'ExitOnForwardFailure=yes', '-p', String(relay.port)],
      ...['-R', `${tunnel}:0:127.0.0.1:${servicePort}`, `${user}@127.0.0.1`],
    ]);
    children.push(child);
    return child;
  };
  const jump = (host: string, port: string) =>
    run('ssh', [
      ...quiet,
      '-i',
      file('operator'),
      '-p',
      String(router.port),
      '-W',
      `${host}:${port}`,
      'jump@127.0.0.1',
    ]);

  test('OpenSSH opens a tunnel and an operator gets through it by every name that needs no control plane', async () => {
    const tunnel = await plane.tunnel('pump-7');
    const device = dial(tunnel.id);
    await device.says(/Allocated port (\d+)/);
    const row = await plane.tunnels.get(tunnel.id);
    expect(row).toMatchObject({
      state: 'open',
      epoch: 1,
      holder: { serverId: relay.serverId, worker: 0 },
      space: relay.serverId,
    });
    const names: [string, string][] = [
      [`t-${tunnel.id}.${domain}`, '22'],
      [`${relay.serverId}.${domain}`, String(row?.port)],
      [`${row?.port}-${relay.serverId}.${domain}`, '443'],
    ];
    for (const [host, port] of names) expect((await jump(host, port)).out).toBe('hello from the device\n');
    await device.kill();
  });

  test('dropbear opens a tunnel', async () => {
    await run('dropbearkey', ['-t', 'ed25519', '-f', file('dropbear')]);
    const shown = await run('dropbearkey', ['-y', '-f', file('dropbear')]);
    await plane.device('valve-1', /^ssh-ed25519 .*$/m.exec(shown.out)?.[0] ?? '');
    const tunnel = await plane.tunnel('valve-1');
    const device = start(
      'dbclient',
      [
        '-y',
        '-N',
        '-i',
        file('dropbear'),
        '-p',
        String(relay.port),
        '-R',
        `${tunnel.id}:0:127.0.0.1:${servicePort}`,
        'valve-1@127.0.0.1',
      ],
      { env: { ...process.env, HOME: folder } },
    );
    children.push(device);
    await device.says(/Allocated port/);
    expect((await jump(`t-${tunnel.id}.${domain}`, '22')).out).toBe('hello from the device\n');
    await device.kill();
  });

  test.each([
    [
      "a key that is not this device's",
      async () => ({ tunnel: await plane.tunnel('pump-7'), key: 'other' }),
      /Permission denied/,
    ],
    [
      "another device's tunnel",
      async () => ({ tunnel: await plane.tunnel('pump-8') }),
      /remote port forwarding failed/,
    ],
    [
      'a tunnel that has ended while its row is still there',
      async () => ({ tunnel: await plane.tunnel('pump-7', { endsAt: Date.now() - 1 }) }),
      /remote port forwarding failed/,
    ],
    [
      'a tunnel that does not exist',
      async () => ({ tunnel: { id: 'aaaaaaaaaaaaaaaa' } }),
      /remote port forwarding failed/,
    ],
  ])('refuses %s', async (_name, given, message) => {
    const { tunnel, key } = (await given()) as { tunnel: { id: string }; key?: string };
    const device = dial(tunnel.id, key);
    await device.closed;
    expect(device.said).toMatch(message);
  });

  test('refuses shell, exec, sftp, direct-tcpip, agent and X11 in words', async () => {
    const base = [...quiet, '-i', file('device'), '-p', String(relay.port)];
    for (const args of [
      ['pump-7@127.0.0.1'],
      ['pump-7@127.0.0.1', 'id'],
      ['-s', 'pump-7@127.0.0.1', 'sftp'],
      ['-A', 'pump-7@127.0.0.1', 'id'],
      ['-X', 'pump-7@127.0.0.1', 'id'],
      ['-W', '127.0.0.1:22', 'pump-7@127.0.0.1'],
    ]) {
      const tried = await run('ssh', [...base, ...args]);
      expect(tried.code).not.toBe(0);
      expect(tried.err).toMatch(/open failed: administratively prohibited: \S+/);
    }
  });

  test('tells an operator why, and a stranger nothing', async () => {
    const mine = await plane.tunnel('pump-7', { state: 'closed', reason: 'idle', closedAt: Date.now() });
    expect((await jump(`t-${mine.id}.${domain}`, '22')).err).toContain('tunnel_closed');
    const foreign = await plane.tunnel('pump-7', { operator: 'o'.padEnd(26, 'a') });
    expect((await jump(`t-${foreign.id}.${domain}`, '22')).err).toContain('not_found');
    expect((await jump('metadata.internal', '80')).err).toContain('not_found');
  });

  test('keeps the address when the device comes back through another relay', async () => {
    const tunnel = await plane.tunnel('pump-7');
    const first = dial(tunnel.id);
    await first.says(/Allocated port/);
    const before = await plane.tunnels.get(tunnel.id);
    const other = await plane.relay();
    const second = start('ssh', [
      ...quiet,
      '-N',
      '-i',
      file('device'),
      '-p',
      String(other.port),
      '-R',
      `${tunnel.id}:0:127.0.0.1:${servicePort}`,
      'pump-7@127.0.0.1',
    ]);
    children.push(second);
    await second.says(/Allocated port/);
    const after = await plane.tunnels.get(tunnel.id);
    expect(after).toMatchObject({
      port: before?.port,
      space: before?.space,
      epoch: 2,
      holder: { serverId: other.serverId },
    });
    expect((await jump(`${before?.space}.${domain}`, String(before?.port))).out).toBe('hello from the device\n');
    await first.kill();
    expect(await plane.tunnels.get(tunnel.id)).toMatchObject({ state: 'open', epoch: 2 });
    await second.kill();
  });
});
