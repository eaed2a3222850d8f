import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Channels } from '../../../agent/channels.ts';
import type { LocalService } from '../../../agent/config.ts';
import { carried, WantedTunnels } from '../../../agent/wanted.ts';
import { Lines, tunnelId } from './fakes.ts';

const limits = { forwards: 10, channels: 3, bytesPerTunnel: 0 };

/** Of one test. */
const servers = new Set<Server>();
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
  servers.clear();
  sockets.clear();
});

/** Cut connections are what some of these tests are about. */
const keep = (socket: Socket): void => {
  sockets.add(socket);
  socket.on('error', () => undefined);
};

const listen = async (onConnection: (socket: Socket) => void): Promise<number> => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    keep(socket);
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  servers.add(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const echo = () => listen((socket) => void socket.pipe(socket));

/** Both ends of a connection, in place of an SSH channel and its user. */
const pair = async (): Promise<[Socket, Socket]> => {
  let far: Socket | undefined;
  const port = await listen((socket) => {
    far = socket;
  });
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  keep(near);
  await once(near, 'connect');
  while (far === undefined) await once(near, 'ready');
  return [near, far];
};

const setUp = (port: number, more: Partial<typeof limits> = {}) => {
  const wanted = new WantedTunnels();
  const lines = new Lines();
  const service: LocalService = { name: 'ssh', scheme: 'ssh', host: '127.0.0.1', port, lan: false };
  const one = wanted.add(tunnelId(1), { service, endsAt: Number.POSITIVE_INFINITY });
  const channels = new Channels(wanted, { limits: { ...limits, ...more }, log: lines.log });
  /** Brings a channel and tells what came of it: `accepted`, or why it was refused. */
  const bring = (stream: Duplex, tunnel = one.tunnel): Promise<string> =>
    new Promise((resolve) =>
      channels.take({
        tunnel,
        accept: () => {
          resolve('accepted');
          return stream;
        },
        refuse: resolve,
      }),
    );
  return { wanted, lines, one, bring };
};

describe('user connections', () => {
  test('reach the service, both ways, with half-close, and are counted', async () => {
    const { bring, one } = setUp(await echo());
    const [near, far] = await pair();
    expect(await bring(far)).toBe('accepted');
    near.end('hello');
    const chunks: Buffer[] = [];
    near.on('data', (chunk: Buffer) => void chunks.push(chunk));
    await once(near, 'end');
    expect(Buffer.concat(chunks).toString()).toBe('hello');
    const [stream] = one.streams;
    await stream?.closed;
    expect(carried(one)).toBe(10);
    expect(one.streams.size).toBe(0);
  });

  test('are refused where nothing listens, with words', async () => {
    const port = await echo();
    for (const server of servers) server.close();
    const { bring, lines } = setUp(port);
    const [, far] = await pair();
    expect(await bring(far)).toBe('nothing listens at the service');
    expect(lines.of('channel.refused')).toEqual([{ tunnel: tunnelId(1), why: 'nothing listens at the service' }]);
  });

  test('of a tunnel that nobody asked for are refused', async () => {
    const { bring } = setUp(await echo());
    const [, far] = await pair();
    expect(await bring(far, tunnelId(2))).toBe('no such tunnel here');
  });

  test('that come all at once do not pass the limit together', async () => {
    const { bring } = setUp(await echo());
    const ends = await Promise.all(Array.from({ length: 6 }, pair));
    const outcomes = await Promise.all(ends.map(([, far]) => bring(far)));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(3);
    expect(outcomes.filter((outcome) => outcome === 'too many connections on this device')).toHaveLength(3);
  });

  test('give their place back', async () => {
    const { bring, one } = setUp(await echo(), { channels: 1 });
    const [near, far] = await pair();
    expect(await bring(far)).toBe('accepted');
    near.destroy();
    const [stream] = one.streams;
    await stream?.closed;
    const [, next] = await pair();
    expect(await bring(next)).toBe('accepted');
  });

  test('do not outlive a tunnel that ends while the service is dialled', async () => {
    const { bring, wanted, one } = setUp(await echo());
    const [, far] = await pair();
    const outcome = bring(far);
    wanted.drop(one, 'expired');
    expect(await outcome).toBe('the tunnel has ended');
    expect(one.streams.size).toBe(0);
  });

  test('are cut with their tunnel', async () => {
    const { bring, wanted, one } = setUp(await echo());
    const [near, far] = await pair();
    await bring(far);
    const [stream] = one.streams;
    wanted.drop(one, 'operator');
    expect(await stream?.closed).toMatchObject({ reason: 'operator' });
    await new Promise((resolve) => near.once('close', resolve));
  });

  test('are refused when the bytes of their tunnel are used up', async () => {
    const { bring, one } = setUp(await echo(), { bytesPerTunnel: 1_000 });
    one.bytes = 1_000;
    const [, far] = await pair();
    expect(await bring(far)).toBe('the byte limit of this tunnel is used up');
  });
});
