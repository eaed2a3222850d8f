import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { generateEd25519 } from '../../../adapters/ssh/keys.ts';
import type { ServerSession } from '../../../adapters/ssh/server-session.ts';
import { sshString, sshUint32 } from '../../../adapters/ssh/ssh-bytes.ts';
import { PerAddressLimit } from '../../../net/per-address-limit.ts';
import { clientKey, dial, forwardedTo, grant, readAll, startServer, type TestServer } from './harness.ts';
import { rawClient } from './raw-client.ts';

let server: TestServer;
const sockets: Socket[] = [];
const start = async (options: Parameters<typeof startServer>[0] = {}) => {
  server = await startServer({ onSession: grant, onSocket: (socket) => sockets.push(socket), ...options });
  return server;
};
afterEach(async () => {
  sockets.length = 0;
  await server.close();
});

/** The server lives: someone with a key can still log in. */
const stillServes = async () => {
  const client = await rawClient(server.port);
  await client.login();
  client.socket.destroy();
};
const endOf = async (why: string | RegExp) => {
  const { end } = await server.event('closed', ({ end: { message } }) =>
    typeof why === 'string' ? message === why : why.test(message),
  );
  return end;
};
const session = () => server.session();
const closedSocket = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve));
const flushed = (socket: Socket, bytes: Buffer | string) =>
  new Promise<void>((resolve) => socket.write(bytes, () => resolve()));

describe('before any key', () => {
  test.each([
    ['noise', randomBytes(2000)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a line before the identification', Buffer.from('hello\r\nSSH-2.0-x\r\n')],
    ['one megabyte of identification', Buffer.concat([Buffer.from('SSH-2.0-'), Buffer.alloc(2 ** 20, 'x')])],
  ])('%s is cut off', async (_name, bytes) => {
    await start();
    const socket = await dial(server.port, false);
    socket.write(bytes);
    await closedSocket(socket);
    expect(await endOf('no SSH identification')).toMatchObject({ reason: 'protocol' });
    await stillServes();
  });

  test.each([
    ['version 1', 'SSH-1.5-old\r\n', /Invalid identification/],
    ['a packet length of nothing', `SSH-2.0-x\r\n${'\0'.repeat(16)}`, /Bad packet length/],
    ['a packet length past all limits', `SSH-2.0-x\r\n${'\x7f'.repeat(16)}`, /Bad packet length/],
    ['more padding than packet', `SSH-2.0-x\r\n\0\0\0\x0c\xff${'\x14'.repeat(20)}`, /./],
    ['a key exchange message that is none', `SSH-2.0-x\r\n\0\0\0\x0c\x04\x14${'\0'.repeat(10)}`, /malformed KEXINIT/],
    ['a message out of turn', `SSH-2.0-x\r\n\0\0\0\x0c\x04\x5a${'\0'.repeat(10)}`, /unexpected packet type 90/],
  ])('%s is cut off', async (_name, bytes, why) => {
    await start();
    const socket = await dial(server.port, false);
    socket.write(Buffer.from(bytes, 'latin1'));
    await closedSocket(socket);
    expect(await endOf(why)).toMatchObject({ reason: 'protocol' });
    await stillServes();
  });

  test('an identification in single bytes is understood, a hang-up in the middle of a packet forgiven', async () => {
    await start();
    const socket = await dial(server.port, false);
    let got = 0;
    socket.on('data', (chunk) => {
      got += chunk.length;
    });
    for (const character of 'SSH-2.0-slow one\r\n') await flushed(socket, character);
    while (got < 300) await once(socket, 'data');
    socket.write(Buffer.from([0, 0, 3, 0xf4, 4, 20, 1, 2, 3]));
    socket.end();
    await closedSocket(socket);
    expect(await server.event('closed')).toMatchObject({ end: { reason: 'peer_closed' } });
    await stillServes();
  });

  test('clients that say nothing, or only their name, or never log in, are destroyed after the grace time', async () => {
    await start({ limits: { loginGraceMilliseconds: 100 } });
    const silent = await Promise.all(Array.from({ length: 10 }, () => dial(server.port, false)));
    const named = await dial(server.port, false);
    named.write('SSH-2.0-named\r\n');
    const keyed = await rawClient(server.port);
    await Promise.all([...silent, named].map((socket) => closedSocket(socket)));
    await keyed.closed;
    const reasons = () => server.events.flatMap((event) => (event.kind === 'closed' ? [event.end.reason] : []));
    while (reasons().length < 12) await new Promise((resolve) => setImmediate(resolve));
    expect(reasons()).toEqual(Array(12).fill('login_grace'));
    expect(server.server.connections).toBe(0);
  });

  test('a client that hangs up its sending half only is destroyed too', async () => {
    await start();
    const half = await Promise.all(Array.from({ length: 10 }, () => dial(server.port, false)));
    for (const socket of half) socket.end();
    await Promise.all(half.map((socket) => closedSocket(socket)));
    expect(server.server.connections).toBe(0);
  });

  test('too many that have not logged in are refused; those who have make room', async () => {
    await start({ unauthenticated: new PerAddressLimit({ total: 100, perAddress: 3 }) });
    const inside = await rawClient(server.port);
    await inside.login();
    const waiting = await Promise.all([1, 2, 3].map(() => dial(server.port, false)));
    while (server.server.connections < 4) await new Promise((resolve) => setImmediate(resolve));
    const refused = await dial(server.port, false);
    await closedSocket(refused);
    expect(await server.event('connection_refused')).toMatchObject({ why: 'address', from: { address: '127.0.0.1' } });
    waiting[0]?.destroy();
    await server.event('closed');
    await stillServes();
    for (const socket of waiting) socket.destroy();
    inside.socket.destroy();
  });
});

describe('before login', () => {
  test.each([
    ['a channel', Buffer.concat([Buffer.of(90), sshString('session'), Buffer.alloc(12, 1)]), /message 90/],
    [
      'a forward',
      Buffer.concat([Buffer.of(80), sshString('tcpip-forward'), Buffer.of(1), sshString('x'), sshUint32(0)]),
      /message 80/,
    ],
    ['a server message', Buffer.of(52), /message 52/],
    ['authentication before its service', Buffer.of(50), /before its service/],
  ])('%s is cut off', async (_name, payload, why) => {
    await start();
    const client = await rawClient(server.port);
    client.send(payload);
    await client.closed;
    expect(await endOf(why)).toMatchObject({ reason: 'protocol' });
    await stillServes();
  });

  test('another service is not here', async () => {
    await start();
    const client = await rawClient(server.port);
    client.transport.service('ssh-connection');
    await client.closed;
    expect(await endOf(/only the service/)).toMatchObject({ reason: 'protocol' });
  });

  const request = (...fields: (string | Buffer | number)[]) =>
    Buffer.concat([
      Buffer.of(50),
      ...fields.map((field) => (typeof field === 'number' ? Buffer.of(field) : sshString(field))),
    ]);
  const blob = clientKey.publicKey.blob;

  test.each([
    ['a cut-off request', request('u', 'ssh-connection', 'publickey', 1, 'ssh-ed25519', blob)],
    [
      'bytes behind a request',
      Buffer.concat([request('u', 'ssh-connection', 'publickey', 0, 'ssh-ed25519', blob), Buffer.of(1)]),
    ],
    ['another service in a request', request('u', 'ssh-agent', 'none')],
  ])('%s is cut off', async (_name, payload) => {
    await start();
    const client = await rawClient(server.port);
    client.transport.service('ssh-userauth');
    client.send(payload);
    await client.closed;
    expect(await server.event('closed')).toMatchObject({ end: { reason: 'protocol' } });
    await stillServes();
  });

  test('forged, foreign and damaged keys are refused without asking whether they might log in', async () => {
    let asked = 0;
    await start({
      authorize: async () => {
        asked += 1;
        return true;
      },
    });
    const client = await rawClient(server.port);
    const signature = (algorithm: string, bytes: Buffer) => Buffer.concat([sshString(algorithm), sshString(bytes)]);
    const attempts = [
      ['ssh-ed25519', blob, signature('ssh-ed25519', Buffer.alloc(64, 7))],
      ['ssh-ed25519', blob, signature('ssh-ed25519', generateEd25519().sign(Buffer.from('else')))],
      ['ssh-ed25519', blob, signature('rsa-sha2-256', Buffer.alloc(64))],
      ['rsa-sha2-256', blob, signature('rsa-sha2-256', Buffer.alloc(64))],
      ['ssh-ed25519', Buffer.from('no key'), signature('ssh-ed25519', Buffer.alloc(64))],
      ['ssh-rsa', sshString('ssh-rsa'), signature('ssh-rsa', Buffer.alloc(64))],
    ] as const;
    client.transport.service('ssh-userauth');
    for (const [index, [algorithm, key, signed]] of attempts.entries()) {
      client.send(request('u', 'ssh-connection', 'publickey', 1, algorithm, key, signed));
      await client.message(51, index + 1);
    }
    expect(asked).toBe(0);
    expect(server.server.sessions).toBe(0);
    client.socket.destroy();
  });

  test('a signature for another connection does not let in', async () => {
    await start();
    const client = await rawClient(server.port);
    const other = await rawClient(server.port);
    let stolen: Buffer = Buffer.alloc(0);
    other.transport.authPK('pump-7', clientKey.publicLine(), (data) => {
      stolen = clientKey.sign(data);
    });
    client.transport.service('ssh-userauth');
    client.transport.authPK('pump-7', clientKey.publicLine(), (_data, give) => give(stolen));
    await client.message(51);
    expect(await server.event('auth_attempt')).toMatchObject({ outcome: 'bad_signature' });
    client.socket.destroy();
    other.socket.destroy();
  });

  test('guessing ends after a dozen tries, and so does asking without waiting', async () => {
    await start();
    const guesser = await rawClient(server.port);
    guesser.transport.service('ssh-userauth');
    for (let turn = 1; turn <= 12; turn += 1) {
      guesser.send(
        request('u\u001b[2J', 'ssh-connection', 'publickey', 0, 'ssh-ed25519', generateEd25519().publicKey.blob),
      );
      await guesser.message(51, turn);
    }
    await guesser.closed;
    expect(await endOf(/too many authentication attempts/)).toMatchObject({ reason: 'auth_failures' });
    expect(await server.event('auth_attempt')).toMatchObject({ user: 'u<U+001B>[2J' });

    const hasty = await rawClient(server.port);
    hasty.transport.service('ssh-userauth');
    for (let turn = 0; turn < 1000; turn += 1) hasty.send(request('u', 'ssh-connection', 'none'));
    await hasty.closed;
    expect(await endOf(/without waiting/)).toMatchObject({ reason: 'protocol' });
    await stillServes();
  });
});

describe('after login', () => {
  const inside = async () => {
    const client = await rawClient(server.port);
    await client.login();
    return client;
  };
  const global = (name: string, wantReply: boolean, ...rest: Buffer[]) =>
    Buffer.concat([Buffer.of(80), sshString(name), Buffer.of(wantReply ? 1 : 0), ...rest]);
  const channelOpen = (type: string, sender: number) =>
    Buffer.concat([Buffer.of(90), sshString(type), sshUint32(sender), sshUint32(2 ** 20), sshUint32(32_768)]);
  const forwardRequest = () => global('tcpip-forward', true, sshString('t'), sshUint32(0));

  test('a flood of requests whose answers nobody reads makes the server stop reading, not grow', async () => {
    await start();
    const client = await inside();
    const [socket] = sockets;
    if (socket === undefined) throw new Error('no socket');
    client.socket.pause();
    const paused = once(socket, 'pause');
    const count = 300_000;
    for (let sent = 0; sent < count; sent += 1) client.send(global('keepalive@openssh.com', true));
    await paused;
    expect(socket.writableLength).toBeLessThan(4 * 2 ** 20);
    client.socket.resume();
    await client.message(82, count);
    client.socket.destroy();
    await stillServes();
  });

  test('a flood of channels is refused one by one', async () => {
    await start();
    const client = await inside();
    for (let sender = 0; sender < 20_000; sender += 1)
      client.send(channelOpen(sender % 2 ? 'session' : 'no\u0007such', sender));
    await client.message(92, 20_000);
    expect((await session()).stats.channels).toBe(0);
    client.socket.destroy();
    await stillServes();
  });

  test('channels that wait for a decision are limited', async () => {
    await start({
      onSession: (given) => given.onDirectTcpip(() => new Promise(() => undefined)),
      limits: { maximumChannels: 10 },
    });
    const client = await inside();
    const data = [sshString('host'), sshUint32(22), sshString('127.0.0.1'), sshUint32(1)];
    for (let sender = 0; sender < 15; sender += 1)
      client.send(Buffer.concat([channelOpen('direct-tcpip', sender), ...data]));
    await client.message(92, 5);
    expect((await session()).stats.channels).toBe(10);
    client.socket.destroy();
  });

  test('requests that wait for a decision are limited, and so are forwards', async () => {
    await start({ onSession: (given) => given.onForwardRequest(() => new Promise(() => undefined)) });
    const client = await inside();
    for (let sent = 0; sent < 257; sent += 1) client.send(forwardRequest());
    await client.closed;
    expect(await endOf('too many requests at once')).toMatchObject({ reason: 'protocol' });
    await server.close();

    await start({ limits: { maximumForwards: 2 } });
    const second = await inside();
    for (let sent = 0; sent < 4; sent += 1) {
      second.send(forwardRequest());
      await second.message(sent < 2 ? 81 : 82, sent < 2 ? sent + 1 : sent - 1);
    }
    second.socket.destroy();
  });

  test('a handler that never answers is a refusal after its time', async () => {
    await start({
      onSession: (given) => given.onForwardRequest(() => new Promise(() => undefined)),
      limits: { decisionMilliseconds: 20 },
    });
    const client = await inside();
    client.send(forwardRequest());
    await client.message(82);
    expect(await server.event('request_refused')).toMatchObject({ request: 'tcpip-forward', why: 'no answer in time' });
    client.socket.destroy();
  });

  /** One open channel, device's end in our hands. */
  const channel = async (window = 2 ** 20, packet = 32_768) => {
    const client = await inside();
    client.send(forwardRequest());
    await client.message(81);
    const given: ServerSession = await session();
    const opened = forwardedTo(given, 't', 5000);
    await client.message(90);
    return { client, given, opened, confirm: () => confirm(client, window, packet), local: () => local(client) };
  };
  const local = ({ opens }: Awaited<ReturnType<typeof rawClient>>) => opens[0]?.sender ?? -1;
  const confirm = (client: Awaited<ReturnType<typeof rawClient>>, window: number, packet: number) =>
    client.send(Buffer.concat([Buffer.of(91), ...[local(client), 7, window, packet].map(sshUint32)]));

  test('more data than the window allows is cut off', async () => {
    await start();
    const { client, opened, confirm: yes, local: number } = await channel();
    yes();
    const stream = await opened;
    stream.on('error', () => undefined);
    for (let sent = 0; sent < 5; sent += 1) client.transport.channelData(number(), Buffer.alloc(16_384));
    await client.closed;
    expect(await endOf(/more channel data/)).toMatchObject({ reason: 'protocol' });
  });

  test('data behind its end is cut off', async () => {
    await start();
    const { client, opened, confirm: yes, local: number } = await channel();
    yes();
    (await opened).on('error', () => undefined);
    client.transport.channelEOF(number());
    client.transport.channelData(number(), Buffer.from('late'));
    await client.closed;
    expect(await endOf(/more channel data/)).toMatchObject({ reason: 'protocol' });
  });

  test('a window that overflows is cut off', async () => {
    await start();
    const { client, opened, confirm: yes, local: number } = await channel();
    yes();
    (await opened).on('error', () => undefined);
    client.transport.channelWindowAdjust(number(), 0xffff_ffff);
    await client.closed;
    expect(await endOf(/channel window past/)).toMatchObject({ reason: 'protocol' });
  });

  test('a peer that takes no packets gets no channel', async () => {
    await start();
    const { client, opened, confirm: yes } = await channel(2 ** 20, 0);
    const failed = expect(opened).rejects.toMatchObject({ code: 'closed' });
    yes();
    await failed;
    await client.message(97);
    client.socket.destroy();
  });

  test('bytes sent one by one to a reader that waits all arrive, in order, when it reads', async () => {
    await start();
    const { client, opened, confirm: yes, local: number } = await channel();
    yes();
    const stream = await opened;
    const bytes = randomBytes(60_000);
    for (const byte of bytes) client.transport.channelData(number(), Buffer.of(byte));
    client.transport.channelEOF(number());
    const marker = client.message(82);
    client.send(global('keepalive@openssh.com', true));
    await marker;
    expect(stream.readableLength).toBeLessThan(100);
    expect((await readAll(stream)).equals(bytes)).toBe(true);
    client.socket.destroy();
  });

  test('numbers of channels that nobody has are ignored', async () => {
    await start();
    const client = await inside();
    client.transport.channelData(99, Buffer.from('x'));
    client.transport.channelWindowAdjust(99, 5);
    client.transport.channelEOF(99);
    client.transport.channelClose(99);
    client.send(Buffer.concat([Buffer.of(91), ...[99, 7, 1, 1].map(sshUint32)]));
    client.send(Buffer.concat([Buffer.of(98), sshUint32(99), sshString('shell'), Buffer.of(1)]));
    client.send(Buffer.of(81));
    client.send(global('keepalive@openssh.com', true));
    await client.message(82);
    client.socket.destroy();
  });

  test.each([
    ['host keys', () => global('hostkeys-00@openssh.com', false, sshString('x')), /host keys from a client/],
    ['a cut-off message', () => Buffer.of(90, 0, 0), /a cut-off channel request/],
    ['a message that only servers send', () => Buffer.of(52), /message 52/],
    ['a second service', () => Buffer.concat([Buffer.of(5), sshString('ssh-userauth')]), /message 5 /],
  ])('%s is cut off', async (_name, payload, why) => {
    await start();
    const client = await inside();
    client.send(payload());
    await client.closed;
    expect(await endOf(why)).toMatchObject({ reason: 'protocol' });
    await stillServes();
  });

  test('asking for new keys without end is cut off', async () => {
    await start();
    const client = await inside();
    let over = false;
    void client.closed.then(() => {
      over = true;
    });
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    while (!over) {
      if (!client.transport.exchanging) client.transport.rekey();
      await settled();
    }
    expect(await endOf('too many key exchanges')).toMatchObject({ reason: 'protocol' });
  });

  test('a key exchange that the peer never ends is cut off', async () => {
    await start({ limits: { exchangeMilliseconds: 30 } });
    const client = await inside();
    (await session()).setKeepalive(0.02);
    client.transport.rekey();
    client.transport._cipher.encrypt = () => undefined;
    await client.closed;
    expect(await endOf('a key exchange that does not end')).toMatchObject({ reason: 'protocol' });
  });

  test('what a client says at its end is shown in printable form', async () => {
    await start();
    const client = await inside();
    client.transport.disconnectWith(11, '\u001b]0;owned\u0007bye');
    client.socket.end();
    expect(await server.event('closed')).toMatchObject({
      end: { reason: 'peer_disconnected', message: '<U+001B>]0;owned<U+0007>bye' },
    });
  });
});
