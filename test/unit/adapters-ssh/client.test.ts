import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ConnectOptions, connectSsh, SshConnectError } from '../../../adapters/ssh/client.ts';
import type { IncomingForwarded } from '../../../adapters/ssh/client-session.ts';
import { generateEcdsaP256, generateEd25519, generateRsa } from '../../../adapters/ssh/keys.ts';
import { WindowBudget } from '../../../adapters/ssh/receive-window.ts';
import type { ServerSession } from '../../../adapters/ssh/server-session.ts';
import { ChannelOpenError } from '../../../adapters/ssh/session-end.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import {
  clientKey,
  dial,
  forwardedTo,
  grant,
  hostKey,
  readAll,
  startServer,
  startService,
  type TestServer,
} from './harness.ts';

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
const start = async (...args: Parameters<typeof startServer>) => {
  const server = await startServer(...args);
  open.push(server);
  return server;
};
const window = () => ({ initial: 64 * 1024, maximum: 4 * 1024 * 1024, budget: new WindowBudget(16 * 1024 * 1024) });
const echo = (incoming: IncomingForwarded) => {
  const stream = incoming.accept();
  stream.pipe(stream);
};
const options = async (port: number): Promise<ConnectOptions> => ({
  socket: await dial(port),
  user: 'pump-7',
  key: clientKey,
  pins: [hostKey.publicKey.fingerprint],
  software: 'SallyportAgent_1.0',
  timeoutMilliseconds: 10_000,
  onForwarded: echo,
  keepaliveSeconds: 10,
  timers: systemTimers,
  window: window(),
});
const login = async (server: TestServer, changes: Partial<ConnectOptions> = {}) =>
  connectSsh({ ...(await options(server.port)), ...changes });
const granting = { onSession: (session: ServerSession) => grant(session) };

describe('connectSsh', () => {
  test('logs in, knows the server id, and carries bytes both ways', async () => {
    const server = await start(granting);
    const client = await login(server);
    expect(client).toMatchObject({ serverId: 'rabcdefghi', hostKeyFingerprint: hostKey.publicKey.fingerprint });
    const forward = await client.forward('tunnel2abc');
    expect(forward).toMatchObject({ bindAddress: 'tunnel2abc', port: 5000 });
    const session = await server.session();
    expect(session).toMatchObject({ user: 'pump-7', software: 'SallyportAgent_1.0' });
    const stream = await forwardedTo(session, 'tunnel2abc', forward.port);
    const bytes = randomBytes(20_000_000);
    const got = readAll(stream);
    stream.end(bytes);
    expect(digest(await got)).toBe(digest(bytes));
    client.end('done');
    expect(await client.closed).toMatchObject({ reason: 'ended' });
    expect(await session.closed).toMatchObject({ reason: 'peer_disconnected', message: 'done' });
    expect(server.server.connections).toBe(0);
  });

  test.each([
    ['ed25519', async () => generateEd25519()],
    ['ecdsa', async () => generateEcdsaP256()],
    ['rsa', () => generateRsa(2048)],
  ])('pins an %s host key, by fingerprint or by blob', async (_name, make) => {
    const key = await make();
    const server = await start({ hostKeys: [key] });
    const byFingerprint = await login(server, { pins: ['SHA256:other', key.publicKey.fingerprint] });
    byFingerprint.destroy();
    const byBlob = await login(server, { pins: [key.publicKey.base64] });
    byBlob.destroy();
  });

  test('refuses a host key that is not pinned, before it says who it is', async () => {
    const server = await start();
    for (const pins of [[], [generateEd25519().publicKey.fingerprint]]) {
      const refused = login(server, { pins });
      await expect(refused).rejects.toThrow(SshConnectError);
      await expect(refused).rejects.toMatchObject({
        code: 'host_key_refused',
        fingerprint: hostKey.publicKey.fingerprint,
      });
    }
    expect(server.events.filter(({ kind }) => kind === 'auth_attempt')).toEqual([]);
  });

  test('a refused key, a server that cannot decide, one that says nothing and one that hangs up are told apart', async () => {
    const server = await start();
    await expect(login(server, { key: generateEd25519() })).rejects.toMatchObject({ code: 'key_refused' });

    const unsure = await start({ authorize: () => Promise.reject(new Error('away')) });
    await expect(login(unsure)).rejects.toMatchObject({ code: 'peer_disconnected', message: /try again/ });

    const silent = await startService(() => undefined);
    open.push(silent);
    await expect(connectSsh({ ...(await options(silent.port)), timeoutMilliseconds: 20 })).rejects.toMatchObject({
      code: 'timeout',
    });

    const rude = await startService((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    open.push(rude);
    await expect(connectSsh(await options(rude.port))).rejects.toMatchObject({ code: 'peer_closed' });

    const gone = await options(server.port);
    gone.socket.destroy();
    await expect(connectSsh(gone)).rejects.toMatchObject({ code: 'connection_lost' });
  });

  test('several forwards, one given back', async () => {
    const cancelled: string[] = [];
    const server = await start({
      onSession: (session) => {
        grant(session);
        session.onForwardCancel(({ bindAddress, bindPort }) => cancelled.push(`${bindAddress}:${bindPort}`));
      },
    });
    const client = await login(server);
    const forwards = await Promise.all(['a', 'b', 'c'].map((name) => client.forward(name)));
    expect(forwards.map(({ port }) => port)).toEqual([5000, 5001, 5002]);
    await forwards[1]?.cancel();
    await forwards[1]?.cancel();
    expect(cancelled).toEqual(['b:5001']);
    const session = await server.session();
    expect([client.stats.forwards, session.stats.forwards]).toEqual([2, 2]);
    await expect(forwardedTo(session, 'b', 5001)).rejects.toMatchObject({
      code: 1,
      message: 'this device did not ask for that',
    });
    const stream = await forwardedTo(session, 'c', 5002);
    stream.write('still here');
    expect(String((await once(stream, 'data'))[0])).toBe('still here');
    client.destroy();
  });

  test('a channel that comes right behind the answer finds its forward', async () => {
    const server = await start({
      onSession: (session) =>
        session.onForwardRequest(async () => {
          setImmediate(() => opened(forwardedTo(session, 't', 5000)));
          return { accept: true, port: 5000 };
        }),
    });
    let opened: (stream: ReturnType<typeof forwardedTo>) => void = () => undefined;
    const first = new Promise<Awaited<ReturnType<typeof forwardedTo>>>((resolve, reject) => {
      opened = (stream) => void stream.then(resolve, reject);
    });
    const client = await login(server);
    await client.forward('t');
    expect((await first).destroyed).toBe(false);
    client.destroy();
  });

  test('a channel wanted before its forward is granted waits for the answers of it and of all before it', async () => {
    const answers = new Map<string, () => void>();
    const server = await start({
      onSession: (session) =>
        session.onForwardRequest(
          ({ bindAddress }) =>
            new Promise((resolve) => {
              answers.set(bindAddress, () => resolve({ accept: true, port: 5000 }));
              if (answers.size === 2) asked();
            }),
        ),
    });
    let asked: () => void = () => undefined;
    const bothAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const client = await login(server);
    const first = client.forward('first');
    const second = client.forward('second');
    await bothAsked;
    const stream = forwardedTo(await server.session(), 'second', 5000);
    answers.get('second')?.();
    // The answer to the first has not left, so neither has that to the second.
    setImmediate(() => answers.get('first')?.());
    expect((await stream).destroyed).toBe(false);
    await Promise.all([first, second]);
    client.destroy();
  });

  test('a refused forward, and one that is never answered and given back when it is', async () => {
    let answer: () => void = () => undefined;
    let told: (name: string) => void = () => undefined;
    const given = new Promise<string>((resolve) => {
      told = resolve;
    });
    const server = await start({
      onSession: (session) => {
        session.onForwardCancel(({ bindAddress }) => told(bindAddress));
        session.onForwardRequest(({ bindAddress }) => {
          if (bindAddress === 'no') return Promise.resolve({ accept: false });
          return new Promise((resolve) => {
            answer = () => resolve({ accept: true, port: 5000 });
          });
        });
      },
    });
    const client = await login(server);
    await expect(client.forward('no')).rejects.toMatchObject({ code: 'refused' });
    await expect(client.forward('late', { timeoutMilliseconds: 20 })).rejects.toMatchObject({ code: 'timeout' });
    answer();
    expect(await given).toBe('late');
    client.destroy();
  });

  test('the device refuses a channel with its reason; an answer that never comes is a time-out', async () => {
    const held: IncomingForwarded[] = [];
    const server = await start(granting);
    const client = await login(server, {
      onForwarded: (incoming) =>
        incoming.bindAddress === 'no' ? incoming.refuse('service\u0007 down') : held.push(incoming),
    });
    await client.forward('no');
    await client.forward('hold');
    const session = await server.session();
    await expect(forwardedTo(session, 'no', 5000)).rejects.toMatchObject({ code: 2, message: 'service<U+0007> down' });
    const waiting = session.openForwarded({
      ...{ wireAddress: 'hold', wirePort: 5001, originAddress: '192.0.2.1', originPort: 1, timeoutMilliseconds: 20 },
    });
    await expect(waiting).rejects.toThrow(ChannelOpenError);
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' });
    // Confirmed too late: nobody wants it any more, so it is closed.
    const stream = held[0]?.accept();
    if (stream === undefined) throw new Error('nothing came');
    stream.resume();
    await once(stream, 'close');
    client.destroy();
  });

  test('a server that stops answering is noticed', async () => {
    const sockets: Socket[] = [];
    const server = await start({ ...granting, onSocket: (socket) => sockets.push(socket) });
    const client = await login(server);
    sockets[0]?.pause();
    client.setKeepalive(0.02);
    expect(await client.closed).toMatchObject({ reason: 'keepalive' });
  });

  test('the end of the connection fails its streams and what waits', async () => {
    const server = await start(granting);
    let taken: (stream: ReturnType<IncomingForwarded['accept']>) => void = () => undefined;
    const accepted = new Promise<ReturnType<IncomingForwarded['accept']>>((resolve) => {
      taken = resolve;
    });
    const client = await login(server, { onForwarded: (incoming) => taken(incoming.accept()) });
    await client.forward('t');
    const session = await server.session();
    const near = await forwardedTo(session, 't', 5000);
    const far = await accepted;
    const failures = Promise.all([once(near, 'error'), once(far, 'error')]);
    client.destroy();
    for (const [error] of await failures) expect(error).toMatchObject({ name: 'ConnectionEndedError' });
    await expect(client.forward('again')).rejects.toMatchObject({ name: 'ConnectionEndedError' });
    await session.closed;
    await expect(forwardedTo(session, 't', 5000)).rejects.toMatchObject({ code: 'closed' });
  });

  test('a hundred channels at once, each with its own bytes', async () => {
    const server = await start(granting);
    const client = await login(server);
    await client.forward('t');
    const session = await server.session();
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const stream = await forwardedTo(session, 't', 5000);
        const bytes = randomBytes(100_000);
        const got = readAll(stream);
        stream.end(bytes);
        expect(digest(await got)).toBe(digest(bytes));
      }),
    );
    client.destroy();
    await session.closed;
    expect(server.budget.left).toBe(64 * 1024 * 1024);
  });
});
