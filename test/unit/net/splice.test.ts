import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { listen } from '../../../net/listen.ts';
import { type Splice, type SpliceOptions, splice } from '../../../net/splice.ts';

/** client <-> [near, joined to, far] <-> service: the joined middle is what is tested. */
const joined = async (options?: SpliceOptions) => {
  const services: ((socket: Socket) => void)[] = [];
  const service = new Promise<Socket>((resolve) => services.push(resolve));
  const serviceListener = await listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (socket) => services.shift()?.(socket),
  });
  let join: (made: { splice: Splice; near: Socket }) => void = () => undefined;
  const made = new Promise<{ splice: Splice; near: Socket }>((resolve) => {
    join = resolve;
  });
  const middle = await listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (near) => {
      const far = connect({ port: serviceListener.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
      far.once('connect', () => join({ splice: splice(near, far, options), near }));
    },
  });
  const client = connect({ port: middle.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  client.on('error', () => undefined);
  return {
    client,
    service: await service,
    ...(await made),
    close: async () => {
      client.destroy();
      await middle.close();
      await serviceListener.close();
    },
  };
};

/** Reads to the end without destroying, as `for await` would. */
const readAll = (socket: Duplex) =>
  new Promise<{ length: number; digest: string }>((resolve) => {
    const hash = createHash('sha256');
    let length = 0;
    socket.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      length += chunk.length;
    });
    socket.once('end', () => resolve({ length, digest: hash.digest('hex') }));
  });
const digestOf = (bytes: Buffer) => ({
  length: bytes.length,
  digest: createHash('sha256').update(bytes).digest('hex'),
});

describe('splice', () => {
  test('carries both ways, counts, and ends when both directions ended', async () => {
    const run = await joined();
    const [up, down] = [randomBytes(3_000_000), randomBytes(2_000_000)];
    run.client.end(up);
    run.service.end(down);
    const got = await Promise.all([readAll(run.service), readAll(run.client)]);
    expect(got).toEqual([digestOf(up), digestOf(down)]);
    expect(await run.splice.closed).toMatchObject({ reason: 'ended', bytesAtoB: up.length, bytesBtoA: down.length });
    await run.close();
  });

  test('an end of input is passed on and the way back stays open', async () => {
    const run = await joined();
    run.client.end('question');
    expect((await readAll(run.service)).length).toBe(8);
    run.service.end('answer after the end');
    expect((await readAll(run.client)).length).toBe(20);
    expect(await run.splice.closed).toMatchObject({ reason: 'ended' });
    await run.close();
  });

  test('a reset at one end is a reset at the other, not an end of file', async () => {
    const run = await joined();
    run.client.write('x');
    await once(run.service, 'data');
    const failed = once(run.client, 'error');
    run.service.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(await run.splice.closed).toMatchObject({ reason: 'b_error', bytesAtoB: 1 });
    await run.close();
  });

  test('pauses the source while the other end takes nothing, and goes on afterwards', async () => {
    const run = await joined({ maxBuffered: 64 * 1024 });
    const bytes = randomBytes(64 * 1024 * 1024);
    run.service.pause();
    // The kernel's buffers fill up, then the joined middle: it stops reading the client.
    const paused = once(run.near, 'pause');
    const flushed = new Promise<void>((resolve) => run.client.end(bytes, () => resolve()));
    await paused;
    expect(run.splice.bytesAtoB).toBeLessThan(bytes.length / 2);
    const got = readAll(run.service);
    run.service.resume();
    expect(await got).toEqual(digestOf(bytes));
    await flushed;
    await run.close();
  });

  test('ends when nothing moves for the idle limit', async () => {
    const run = await joined({ idleMilliseconds: 20 });
    expect(await run.splice.closed).toMatchObject({ reason: 'idle' });
    await run.close();
  });

  test('ends when an end takes nothing for the stall limit', async () => {
    const run = await joined({ stallMilliseconds: 50, maxBuffered: 16 * 1024 });
    run.service.pause();
    run.client.write(randomBytes(64 * 1024 * 1024));
    expect(await run.splice.closed).toMatchObject({ reason: 'stalled' });
    await run.close();
  });

  test('destroy is idempotent and keeps the first reason', async () => {
    const run = await joined();
    run.splice.destroy('policy');
    run.splice.destroy('later');
    expect(await run.splice.closed).toMatchObject({ reason: 'policy' });
    await run.close();
  });

  test('an end that closes as a whole still gets its last words across', async () => {
    const words: Buffer[] = [];
    let take: () => void = () => undefined;
    const slow = new Duplex({
      read: () => undefined,
      write: (chunk, _encoding, done) => {
        words.push(chunk);
        take = done;
      },
    });
    const abrupt = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const joint = splice(abrupt, slow);
    const written = new Promise<void>((resolve) => {
      const look = () => (words.length > 0 ? resolve() : setImmediate(look));
      look();
    });
    abrupt.push('last words');
    abrupt.push(null);
    abrupt.once('end', () => abrupt.destroy());
    await Promise.all([written, once(abrupt, 'close')]);
    expect(slow.destroyed).toBe(false);
    take();
    expect(await joint.closed).toMatchObject({ reason: 'a_closed', bytesAtoB: 10 });
    expect(slow.destroyed).toBe(true);
  });

  test('an end that is gone before it began ends the other', async () => {
    const [gone, here] = [new Duplex({ read: () => undefined }), new Duplex({ read: () => undefined })];
    gone.destroy();
    await once(gone, 'close');
    expect(await splice(gone, here).closed).toMatchObject({ reason: 'a_error' });
    expect(here.destroyed).toBe(true);
  });
});
