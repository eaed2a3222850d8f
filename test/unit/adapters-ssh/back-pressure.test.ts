import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connectSsh } from '../../../adapters/ssh/client.ts';
import { WindowBudget } from '../../../adapters/ssh/receive-window.ts';
import { sshString } from '../../../adapters/ssh/ssh-bytes.ts';
import { splice } from '../../../net/splice.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { clientKey, dial, forwardedTo, grant, hostKey, readAll, startServer, startService } from './harness.ts';
import { rawClient } from './raw-client.ts';

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A server, a device on it, and both their sockets. `takes` gets each channel's device end. */
const setUp = async (takes: (stream: Duplex) => void) => {
  const sockets: Socket[] = [];
  const server = await startServer({ onSession: grant, onSocket: (socket) => sockets.push(socket) });
  open.push(server);
  const device = await dial(server.port);
  const client = await connectSsh({
    ...{ socket: device, user: 'pump-7', key: clientKey, pins: [hostKey.publicKey.fingerprint] },
    ...{ software: 'x', timeoutMilliseconds: 10_000, keepaliveSeconds: 60, timers: systemTimers },
    onForwarded: (incoming) => takes(incoming.accept()),
    window: { initial: 65_536, maximum: 4 * 2 ** 20, budget: new WindowBudget(2 ** 26) },
  });
  await client.forward('t');
  const session = await server.session();
  const [socket] = sockets;
  if (socket === undefined) throw new Error('no socket');
  return { server, device, session, socket, channel: () => forwardedTo(session, 't', 5000) };
};

describe('towards a device that does not read', () => {
  test('a user is paused, little waits in memory, and every byte arrives when it reads again', async () => {
    const arrived: Promise<Buffer>[] = [];
    const { device, socket, channel } = await setUp((stream) => arrived.push(readAll(stream)));
    const bytes = randomBytes(32 * 2 ** 20);
    const stream = await channel();
    let joined: (near: Socket) => void = () => undefined;
    const user = new Promise<Socket>((resolve) => {
      joined = resolve;
    });
    const door = await startService((near) => {
      splice(near, stream);
      joined(near);
    });
    open.push(door);
    device.pause();
    const sender = await dial(door.port);
    const paused = once(await user, 'pause');
    sender.end(bytes);
    await paused;
    expect(socket.writableLength).toBeLessThan(400 * 1024);
    expect(stream.writableLength).toBeLessThan(300 * 1024);
    device.resume();
    expect(digest((await arrived[0]) ?? Buffer.alloc(0))).toBe(digest(bytes));
    sender.destroy();
  });

  test('fifty channels together wait in no more memory than one', async () => {
    const { device, socket, channel } = await setUp((stream) => stream.resume());
    const streams = await Promise.all(Array.from({ length: 50 }, channel));
    device.pause();
    // Each writes until it is told to wait.
    const block = randomBytes(64 * 1024);
    let refusals = 0;
    while (refusals < streams.length) {
      refusals = 0;
      for (const stream of streams) if (stream.writableLength > 0 || !stream.write(block)) refusals += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(socket.writableLength).toBeLessThan(400 * 1024);
    for (const stream of streams) expect(stream.writableLength).toBeLessThanOrEqual(block.length);
    device.destroy();
  });

  test('a peer that talks but takes nothing is ended', async () => {
    const server = await startServer({ onSession: grant, limits: { stallMilliseconds: 100 } });
    open.push(server);
    const client = await rawClient(server.port);
    await client.login();
    client.send(
      Buffer.concat([Buffer.of(80), sshString('tcpip-forward'), Buffer.of(1), sshString('t'), Buffer.alloc(4)]),
    );
    await client.message(81);
    const session = await server.session();
    session.setKeepalive(0.02);
    const opened = forwardedTo(session, 't', 5000);
    await client.message(90);
    client.send(
      Buffer.from(
        '5b00000000000000000fffffff00008000'.replace(/^5b0{8}/, `5b${number(client.opens[0]?.sender)}`),
        'hex',
      ),
    );
    const stream = await opened;
    stream.on('error', () => undefined);
    client.socket.pause();
    stream.write(randomBytes(16 * 2 ** 20));
    const talk = setInterval(() => client.send(Buffer.concat([Buffer.of(2), sshString('still here')])), 5);
    expect(await session.closed).toMatchObject({ reason: 'stalled' });
    clearInterval(talk);
    client.socket.destroy();
  });
  const number = (value = 0) => value.toString(16).padStart(8, '0');
});

describe('towards a user that does not read', () => {
  test('a device may send one small window and no more, and other channels go on', async () => {
    const devices: Duplex[] = [];
    const { session, channel } = await setUp((stream) => devices.push(stream));
    const stalled = await channel();
    const lively = await channel();
    const before = session.stats.bytesIn;
    const bytes = randomBytes(8 * 2 ** 20);
    devices[0]?.end(bytes);
    devices[1]?.pipe(devices[1]);
    for (let turn = 0; turn < 50; turn += 1) {
      lively.write('ping');
      expect(String((await once(lively, 'data'))[0])).toBe('ping');
    }
    expect(session.stats.bytesIn - before).toBeLessThan(100 * 1024);
    expect(digest(await readAll(stalled))).toBe(digest(bytes));
  });

  test('a reader that stops in the middle gives its large window back', async () => {
    const devices: Duplex[] = [];
    const { server, channel } = await setUp((stream) => devices.push(stream));
    const stream = await channel();
    const total = server.budget.left;
    const bytes = randomBytes(32 * 2 ** 20);
    devices[0]?.end(bytes);
    const got = readAll(stream);
    await got;
    stream.end();
    await once(stream, 'close');
    expect(server.budget.left).toBe(total);
  });
});
