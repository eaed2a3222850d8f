import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { createEventHub } from '../../../core/events.ts';
import type { CertificateText } from '../../../core/model/certificate.ts';
import { type Authority, createAuthority } from '../../../local/ca/authority.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { followCertificate } from '../../../router/certificate.ts';
import { type DataPlane, domain, startDataPlane } from '../../support/data-plane.ts';

/** A router whose certificate secret changes while it runs. */
const setUp = async (first?: CertificateText) => {
  const secret = { version: 1, value: first as unknown };
  const lines: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const gauges: [string, number][] = [];
  const waiters = new Set<() => void>();
  const hub = createEventHub({
    process: 'router',
    clock: { now: Date.now, monotonic: () => performance.now() },
    log: {
      write: (line) => {
        lines.push(line);
        for (const tell of waiters) tell();
      },
    },
    metrics: {
      count: () => undefined,
      gauge: (name, value) => void gauges.push([name, value]),
      observe: () => undefined,
    },
    audit: { append: async () => undefined },
  });
  const source = {
    read: async () => {
      const { version, value } = secret;
      if (value === undefined) throw new Error('never filled');
      return { version: String(version), open: () => value as CertificateText };
    },
  };
  const followed = await followCertificate(source, {
    ...{ domain, hub, timers: systemTimers, clock: { now: Date.now }, everyMilliseconds: 20 },
  });
  const plane: DataPlane = await startDataPlane();
  const { port } = await plane.router({ certificate: followed.current });
  const heard = async (event: string) => {
    while (!lines.some((line) => line.event === event))
      await new Promise<void>((resolve) => {
        const tell = () => {
          waiters.delete(tell);
          resolve();
        };
        waiters.add(tell);
      });
    return lines.splice(0).filter((line) => line.event === event);
  };
  return {
    gauges,
    heard,
    put(value: unknown) {
      secret.version += 1;
      secret.value = value;
    },
    async handshake(ca: string): Promise<TLSSocket> {
      const socket = connect({ host: '127.0.0.1', port, servername: `t-x.${domain}`, ca });
      await once(socket, 'secureConnect');
      return socket;
    },
    async stop() {
      followed.stop();
      await plane.stop();
    },
  };
};

let authority: Authority;
const issue = async (): Promise<CertificateText> => {
  const { certificate, privateKey } = await authority.issueServer([`*.${domain}`]);
  return { cert: certificate, key: privateKey };
};
const shown = (socket: TLSSocket) => socket.getPeerCertificate().serialNumber;
const ask = async (socket: TLSSocket): Promise<string> => {
  socket.write(`GET / HTTP/1.1\r\nHost: t-x.${domain}\r\n\r\n`);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString('latin1').slice(0, 12);
};

beforeAll(async () => {
  authority = await createAuthority();
});

test('new handshakes get the new certificate without a restart, and a connection that stands goes on', async () => {
  const world = await setUp(await issue());
  const before = await world.handshake(authority.certificate);
  await world.heard('certificate.used');
  world.put(await issue());
  await world.heard('certificate.used');
  const after = await world.handshake(authority.certificate);
  expect(shown(after)).not.toBe(shown(before));
  expect(await ask(before)).toMatch(/^HTTP\/1.1 4/);
  expect(world.gauges).toContainEqual(['certificate_days_left', expect.any(Number)]);
  for (const socket of [before, after]) socket.destroy();
  await world.stop();
});

test.each<[string, (good: CertificateText) => Promise<unknown>]>([
  ['a key of another certificate', async (good) => ({ ...good, key: (await issue()).key })],
  ['no certificate at all', async () => ({ cert: 'x', key: 'y' })],
  [
    'one for other names',
    async () => {
      const { certificate, privateKey } = await authority.issueServer(['*.example.com']);
      return { cert: certificate, key: privateKey };
    },
  ],
])('%s changes nothing but log and metric, and a good one mends it', async (_name, bad) => {
  const good = await issue();
  const world = await setUp(good);
  const before = await world.handshake(authority.certificate);
  world.put(await bad(good));
  const refused = await world.heard('secret.refused');
  expect(refused).toHaveLength(1);
  expect(JSON.stringify(refused)).not.toContain('PRIVATE');
  const still = await world.handshake(authority.certificate);
  expect(shown(still)).toBe(shown(before));
  world.put(await issue());
  await world.heard('certificate.used');
  expect(world.gauges).toContainEqual(['secret_stale', 1]);
  const after = await world.handshake(authority.certificate);
  expect(shown(after)).not.toBe(shown(before));
  for (const socket of [before, still, after]) socket.destroy();
  await world.stop();
});

test('a router starts without a certificate and offers TLS once there is one', async () => {
  const world = await setUp();
  await expect(world.handshake(authority.certificate)).rejects.toThrow();
  world.put(await issue());
  await world.heard('certificate.used');
  const socket = await world.handshake(authority.certificate);
  expect(socket.authorized).toBe(true);
  socket.destroy();
  await world.stop();
});
