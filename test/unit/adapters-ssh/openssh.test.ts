import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { generateEd25519, generateRsa } from '../../../adapters/ssh/keys.ts';
import type { ServerSession } from '../../../adapters/ssh/server-session.ts';
import { ChannelOpenError } from '../../../adapters/ssh/session-end.ts';
import { splice } from '../../../net/splice.ts';
import { eventually } from '../../support/eventually.ts';
import {
  clientKey,
  dial,
  forwardedTo,
  grant,
  keyDirectory,
  type Running,
  readAll,
  run,
  sshArgs,
  startServer,
  startService,
  type TestServer,
} from './harness.ts';

const keys = keyDirectory();
const identity = keys.write('id', clientKey);
afterAll(() => keys.remove());

const running: Running[] = [];
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  for (const one of open.splice(0)) await one.close();
});

const ssh = (to: TestServer, ...args: string[]) => {
  const started = run('ssh', [...sshArgs(to.port, identity), ...args]);
  running.push(started);
  return started;
};
const start = async (...args: Parameters<typeof startServer>) => {
  const server = await startServer(...args);
  open.push(server);
  return server;
};
const service = async (serve: Parameters<typeof startService>[0]) => {
  const listener = await startService(serve);
  open.push(listener);
  return listener;
};
const echo = () => service((socket) => void socket.pipe(socket));
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const granting = { onSession: (session: ServerSession) => grant(session) };
const target = 'pump-7@127.0.0.1';
const connected = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket)).on('error', () => resolve(undefined));
  });

describe('OpenSSH as device', () => {
  test('-R with port 0 gets a port and carries bytes both ways, with its bind text whole', async () => {
    const server = await start(granting);
    const { port } = await echo();
    const client = ssh(server, '-N', '-v', '-R', `tunnel2abc:0:127.0.0.1:${port}`, target);
    await client.says('Allocated port 5000 for remote forward');
    const session = await server.session();
    expect(session).toMatchObject({ user: 'pump-7', stats: { forwards: 1 } });
    expect(session.software).toMatch(/^OpenSSH_/);
    expect(session.key.fingerprint).toBe(clientKey.publicKey.fingerprint);
    expect(client.output()).toContain('remote software version Sallyport_rabcdefghi');
    const stream = await forwardedTo(session, 'tunnel2abc', 5000);
    const bytes = randomBytes(5_000_000);
    const got = readAll(stream);
    stream.end(bytes);
    expect(digest(await got)).toBe(digest(bytes));
  });

  test('an end of input leaves the way back open', async () => {
    const server = await start(granting);
    const answer = randomBytes(3_000_000);
    const { port } = await service((socket) => {
      socket.resume().once('end', () => socket.end(answer));
    });
    const client = ssh(server, '-N', '-R', `t:0:127.0.0.1:${port}`, target);
    await client.says('Allocated port');
    const stream = await forwardedTo(await server.session(), 't', 5000);
    const got = readAll(stream);
    stream.end('question');
    expect(digest(await got)).toBe(digest(answer));
  });

  test('several forwards on one connection, a fixed port among them, answered in their order', async () => {
    const answers: (() => void)[] = [];
    const server = await start({
      onSession: (session) =>
        session.onForwardRequest(
          ({ bindAddress, bindPort }) =>
            new Promise((resolve) => {
              answers.push(() => resolve({ accept: true, port: bindPort || Number(bindAddress.slice(1)) }));
              if (answers.length === 3) for (const answer of answers.toReversed()) answer();
            }),
        ),
    });
    const { port } = await echo();
    const to = `127.0.0.1:${port}`;
    const client = ssh(server, '-N', '-v', '-R', `a6001:0:${to}`, '-R', `b:7000:${to}`, '-R', `c6003:0:${to}`, target);
    await client.says(/Allocated port 6001 [\s\S]*Allocated port 6003/);
    const session = await server.session();
    expect(session.stats.forwards).toBe(3);
    for (const [address, wirePort] of [
      ['a6001', 6001],
      ['b', 7000],
      ['c6003', 6003],
    ] as const) {
      const stream = await forwardedTo(session, address, wirePort);
      stream.write('ping');
      expect(String((await once(stream, 'data'))[0])).toBe('ping');
      stream.destroy();
    }
    await expect(forwardedTo(session, 'b', 7001)).rejects.toThrow(ChannelOpenError);
  });

  test('a refused forward ends a client that wants all or nothing', async () => {
    const server = await start({
      onSession: (session) => session.onForwardRequest(async () => ({ accept: false, why: 'no such tunnel' })),
    });
    const client = ssh(server, '-N', '-o', 'ExitOnForwardFailure=yes', '-R', 't:0:127.0.0.1:22', target);
    expect(await client.exited).toBe(255);
    expect(client.output()).toContain('remote port forwarding failed');
    expect(await server.event('request_refused')).toMatchObject({
      request: 'tcpip-forward',
      why: 'no such tunnel',
      user: 'pump-7',
    });
  });

  test('a device whose service is down refuses the channel with its reason', async () => {
    const server = await start(granting);
    const gone = await startService(() => undefined);
    await gone.close();
    const client = ssh(server, '-N', '-R', `t:0:127.0.0.1:${gone.port}`, target);
    await client.says('Allocated port');
    const session = await server.session();
    await expect(forwardedTo(session, 't', 5000)).rejects.toMatchObject({ code: 2 });
  });

  test('ending a session tells the client why', async () => {
    const server = await start(granting);
    const client = ssh(server, '-N', '-R', 't:0:127.0.0.1:22', target);
    await client.says('Allocated port');
    const session = await server.session();
    session.end('the tunnel was closed by its \u001b[31moperator');
    expect(await client.exited).toBe(255);
    expect(client.output()).toContain('the tunnel was closed by its <U+001B>[31moperator');
    expect(await session.closed).toMatchObject({ reason: 'ended' });
  });

  test('a client that stops answering is destroyed, and its channels with it', async () => {
    const server = await start(granting);
    const { port } = await echo();
    const client = ssh(server, '-N', '-R', `t:0:127.0.0.1:${port}`, target);
    await client.says('Allocated port');
    const session = await server.session();
    const stream = await forwardedTo(session, 't', 5000);
    const failed = once(stream, 'error');
    client.process.kill('SIGSTOP');
    session.setKeepalive(0.05);
    expect(await session.closed).toMatchObject({ reason: 'keepalive' });
    expect((await failed)[0]).toMatchObject({ name: 'ConnectionEndedError', reason: 'keepalive' });
    expect(server.server.connections).toBe(0);
    client.process.kill('SIGCONT');
  });

  test('a client that answers lives on under the same keepalive', async () => {
    const server = await start(granting);
    const client = ssh(server, '-N', '-R', 't:0:127.0.0.1:22', target);
    await client.says('Allocated port');
    const session = await server.session();
    session.setKeepalive(0.02);
    const before = session.stats.bytesIn;
    // An answered ping is at least 32 bytes: twenty of them are far more than three unanswered ones.
    while (session.stats.bytesIn < before + 20 * 32) await new Promise((resolve) => setImmediate(resolve));
    expect(session.ended).toBe(false);
  });

  test('new keys under load, asked for by either side, change no byte', async () => {
    const server = await start({ ...granting, limits: { rekeyBytes: 3_000_000 } });
    const bytes = randomBytes(40_000_000);
    const { port } = await service((socket) => void socket.end(bytes));
    const client = ssh(server, '-N', '-v', '-o', 'RekeyLimit=5M', '-R', `t:0:127.0.0.1:${port}`, target);
    await client.says('Allocated port');
    const stream = await forwardedTo(await server.session(), 't', 5000);
    expect(digest(await readAll(stream))).toBe(digest(bytes));
    stream.end();
    expect(client.output().match(/SSH2_MSG_NEWKEYS received/g)?.length).toBeGreaterThan(5);
  });

  test('rekeying while bytes go towards the device changes no byte either', async () => {
    const server = await start({ ...granting, limits: { rekeyBytes: 2_000_000 } });
    const bytes = randomBytes(30_000_000);
    let arrived: (bytes: Buffer) => void = () => undefined;
    const received = new Promise<Buffer>((resolve) => {
      arrived = resolve;
    });
    const { port } = await service((socket) => void readAll(socket).then(arrived));
    const client = ssh(server, '-N', '-v', '-R', `t:0:127.0.0.1:${port}`, target);
    await client.says('Allocated port');
    const stream = await forwardedTo(await server.session(), 't', 5000);
    stream.end(bytes);
    expect(digest(await received)).toBe(digest(bytes));
    expect(client.output().match(/SSH2_MSG_NEWKEYS received/g)?.length).toBeGreaterThan(5);
  });

  test.each([
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
  ])('cipher %s', async (cipher) => {
    const server = await start(granting);
    const { port } = await echo();
    const client = ssh(server, '-N', '-c', cipher, '-R', `t:0:127.0.0.1:${port}`, target);
    await client.says('Allocated port');
    const stream = await forwardedTo(await server.session(), 't', 5000);
    const bytes = randomBytes(300_000);
    const got = readAll(stream);
    stream.end(bytes);
    expect(digest(await got)).toBe(digest(bytes));
  });

  test('no compression, no SHA-1, no CBC', async () => {
    const server = await start(granting);
    for (const args of [
      ['-c', 'aes128-cbc'],
      ['-m', 'hmac-sha1', '-c', 'aes128-ctr'],
      ['-o', 'KexAlgorithms=diffie-hellman-group14-sha1'],
    ]) {
      const client = ssh(server, '-N', ...args, target);
      expect(await client.exited).toBe(255);
      expect(client.output()).toMatch(/no matching (cipher|MAC|key exchange method) found/);
    }
    const compressed = ssh(server, '-N', '-v', '-C', '-R', 't:0:127.0.0.1:22', target);
    await compressed.says('Allocated port');
    expect(compressed.output()).toContain('compression: none');
  });
});

describe('OpenSSH is refused', () => {
  const shell =
    'administratively prohibited: no shell, command or file transfer here: this server only forwards (use ssh -N)';

  test.each([
    ['a shell', []],
    ['a command', ['--command']],
    ['sftp', ['-s', '--subsystem']],
    ['agent forwarding', ['-A']],
    ['X11', ['-X']],
  ])('%s, in words that it prints', async (_name, args) => {
    const server = await start(granting);
    const options = args.filter((arg) => !arg.startsWith('--'));
    const rest = args.includes('--command') ? ['id'] : args.includes('--subsystem') ? ['sftp'] : [];
    const client = ssh(server, ...options, target, ...rest);
    expect(await client.exited).toBe(255);
    expect(client.output()).toContain(`open failed: ${shell}`);
    expect(await server.event('request_refused')).toMatchObject({ request: 'session' });
  });

  test('connecting onwards, when no handler is set', async () => {
    const server = await start(granting);
    const client = ssh(server, '-W', '127.0.0.1:22', target);
    expect(await client.exited).toBe(255);
    expect(client.output()).toContain('administratively prohibited: this server does not connect anywhere');
  });

  test('UNIX sockets in both directions, and forwards when no handler is set', async () => {
    const server = await start();
    const client = ssh(server, '-N', '-o', 'ExitOnForwardFailure=yes', '-R', '/tmp/none.sock:127.0.0.1:22', target);
    expect(await client.exited).toBe(255);
    expect(await server.event('request_refused')).toMatchObject({ request: 'streamlocal-forward@openssh.com' });
    const second = ssh(server, '-N', '-o', 'ExitOnForwardFailure=yes', '-R', '0:127.0.0.1:22', target);
    expect(await second.exited).toBe(255);
    const socket = keys.path('local.sock');
    ssh(server, '-N', '-L', `${socket}:/tmp/none.sock`, target);
    await server.session();
    await server.session();
    await server.session();
    // The file is there a moment before anybody listens.
    const local = await eventually(() => connected(socket), 'a listener');
    expect(
      await server.event('request_refused', ({ request }) => request === 'direct-streamlocal@openssh.com'),
    ).toMatchObject({ why: 'no UNIX sockets here' });
    local.destroy();
  });

  test('a wrong key, a password, and a user that the key may not be', async () => {
    const server = await start({
      authorize: async ({ user, key }) => user === 'pump-7' && key.base64 === clientKey.publicKey.base64,
    });
    const wrong = run('ssh', [...sshArgs(server.port, keys.write('wrong', generateEd25519())), '-N', target]);
    running.push(wrong);
    expect(await wrong.exited).toBe(255);
    expect(wrong.output()).toContain('Permission denied (publickey)');
    expect(await server.event('auth_attempt', ({ outcome }) => outcome === 'refused')).toMatchObject({
      user: 'pump-7',
      method: 'publickey',
    });

    const password = ssh(server, '-N', '-o', 'PreferredAuthentications=password,keyboard-interactive', target);
    expect(await password.exited).toBe(255);
    expect(password.output()).toContain('Permission denied (publickey)');
    expect(await server.event('auth_attempt', ({ method }) => method === 'none')).toMatchObject({
      outcome: 'method_refused',
    });

    const other = ssh(server, '-N', 'pump-8@127.0.0.1');
    expect(await other.exited).toBe(255);
    expect(await server.event('auth_attempt', ({ user }) => user === 'pump-8')).toMatchObject({ method: 'none' });
    expect(server.server.sessions).toBe(0);
  });

  test('a decision that cannot be had now is "try again", not "your key is wrong"', async () => {
    const server = await start({
      authorize: async () => {
        throw new Error('the table is away');
      },
    });
    const client = ssh(server, '-N', target);
    expect(await client.exited).toBe(255);
    expect(client.output()).toContain('cannot decide now, try again');
    expect(await server.event('closed')).toMatchObject({ end: { reason: 'authorize_failed' } });
  });

  test('RSA keys log in with SHA-2; the decision is asked for once per login', async () => {
    const rsa = await generateRsa(2048);
    let asked = 0;
    const server = await start({
      ...granting,
      authorize: async () => {
        asked += 1;
        return true;
      },
    });
    const file = keys.path('rsa');
    writeFileSync(file, rsa.pem(), { mode: 0o600 });
    const client = run('ssh', [...sshArgs(server.port, file), '-v', '-N', '-R', 't:0:127.0.0.1:22', target]);
    running.push(client);
    await client.says('Allocated port');
    expect(client.output()).toMatch(/server-sig-algs=<ssh-ed25519,.*rsa-sha2-512,rsa-sha2-256>/);
    const { key } = await server.session();
    expect(key.type).toBe('ssh-rsa');
    expect(asked).toBe(1);
  });
});

describe('OpenSSH as operator', () => {
  const jumpTo = async (handler: Parameters<ServerSession['onDirectTcpip']>[0]) =>
    start({ onSession: (session) => session.onDirectTcpip(handler) });

  test('-W reaches what the handler joins, with the host name as the user wrote it', async () => {
    const { port } = await echo();
    const hosts: unknown[] = [];
    const server = await jumpTo(async ({ accept, ...request }) => {
      hosts.push(request);
      splice(await dial(port), accept());
    });
    const client = ssh(server, '-W', 'pump-7.example.internal:22', target);
    client.process.stdin?.write('hello through the jump\n');
    await client.says('hello through the jump');
    client.process.stdin?.end();
    expect(await client.exited).toBe(0);
    expect(hosts).toMatchObject([{ host: 'pump-7.example.internal', port: 22 }]);
  });

  test('-J runs a whole SSH inside', async () => {
    const inner = await start(granting);
    const server = await jumpTo(async ({ accept }) => void splice(await dial(inner.port), accept()));
    const proxy = ['ssh', ...sshArgs(server.port, identity), '-W', '%h:%p', 'jump@127.0.0.1'].join(' ');
    const client = run('ssh', [
      ...sshArgs(22, identity),
      '-o',
      `ProxyCommand=${proxy}`,
      '-N',
      '-R',
      't:0:127.0.0.1:22',
      'root@pump-7.example',
    ]);
    running.push(client);
    await client.says('Allocated port 5000');
    expect((await inner.session()).user).toBe('root');
    expect((await server.session()).user).toBe('jump');
  });

  test('a refusal reaches the user as one printable line, even with -q', async () => {
    const server = await jumpTo(({ refuse }) =>
      refuse(`no such device: p\u00fcmp\r\n\u001b[2J\u202e${'x'.repeat(500)}`),
    );
    const config = keys.path('config');
    const lines = ['Host *', `IdentityFile ${identity}`, 'StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null'];
    writeFileSync(config, `${lines.join('\n  ')}\n`);
    const client = run('ssh', ['-F', config, '-q', '-J', `me@127.0.0.1:${server.port}`, 'root@nobody']);
    running.push(client);
    expect(await client.exited).toBe(255);
    const line = /administratively prohibited: (.*)/.exec(client.output())?.[1] ?? '';
    expect(line).toMatch(/^no such device: p<U\+00FC>mp<U\+000D><U\+000A><U\+001B>\[2J<U\+202E>x+\.\.\.\r?$/);
    expect(line.trimEnd()).toHaveLength(200);
  });

  test('a handler that fails, or never answers, is a refusal', async () => {
    const failing = await jumpTo(async () => {
      throw new Error('bug');
    });
    const first = ssh(failing, '-W', 'x:22', target);
    expect(await first.exited).toBe(255);
    expect(first.output()).toContain('an internal error');
    expect(await failing.event('handler_failed')).toMatchObject({ request: 'direct-tcpip' });

    const silent = await start({
      onSession: (session) => session.onDirectTcpip(() => undefined),
      limits: { decisionMilliseconds: 20 },
    });
    const second = ssh(silent, '-W', 'x:22', target);
    expect(await second.exited).toBe(255);
    expect(second.output()).toContain('no answer in time');
  });

  test('accepting for a client that has gone gives a stream that is destroyed', async () => {
    let decide: () => void = () => undefined;
    const decided = new Promise<void>((resolve) => {
      decide = resolve;
    });
    let result: (destroyed: boolean) => void = () => undefined;
    const late = new Promise<boolean>((resolve) => {
      result = resolve;
    });
    const server = await jumpTo(async ({ accept }) => {
      await decided;
      result(accept().destroyed);
    });
    const client = ssh(server, '-W', 'x:22', target);
    const session = await server.session();
    while (session.stats.channels === 0) await new Promise((resolve) => setImmediate(resolve));
    await client.stop();
    await session.closed;
    decide();
    expect(await late).toBe(true);
  });
});
