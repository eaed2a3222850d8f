import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { relayAccess } from '../../../agent/wiring.ts';
import { createAuthority } from '../../../local/ca/authority.ts';
import { encodeProxyHeader } from '../../../net/proxy-protocol.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { type DataPlane, domain, startDataPlane } from '../../support/data-plane.ts';

// Sockets throughout: an agent that wraps its SSH in TLS, a router that unwraps it, a relay that takes it.

const device = 'pump-7';
let plane: DataPlane;
let relay: Awaited<ReturnType<DataPlane['relay']>>;
let routerPort: number;
let certificate: { readonly cert: string; readonly key: string };
const wrappedPort = () => relay.wrappedPort ?? 0;

beforeAll(async () => {
  const issued = await (await createAuthority()).issueServer([`*.${domain}`], []);
  certificate = { cert: issued.certificate, key: issued.privateKey };
  plane = await startDataPlane();
  relay = await plane.relay();
  const relayBackend = { host: '127.0.0.1', port: wrappedPort() };
  ({ port: routerPort } = await plane.router({ certificate, relayBackend }));
});
afterAll(() => plane.stop());

/** The name server of these tests: everything is here. */
const lookup: NonNullable<Parameters<typeof relayAccess>[0]['lookup']> = (_, options, found) =>
  options.all === true ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);

const dial = async (
  options: { readonly host?: string; readonly pins?: readonly string[]; readonly port?: number } = {},
) => {
  const access = relayAccess({ timers: systemTimers, channels: 4, tlsPort: options.port ?? routerPort, lookup });
  const key = access.makeKey();
  await plane.device(device, key.publicKey);
  const closed: string[] = [];
  const hooks = {
    onChannel: ({ accept }: { accept(): Duplex }) => {
      const stream = accept();
      stream.on('error', () => undefined).pipe(stream);
    },
    onClosed: (why: string) => closed.push(why),
  };
  const to = { host: options.host ?? `relay.${domain}`, port: 22 };
  const link = await access.dial({ relay: to, pins: options.pins ?? plane.pins, device, key }, hooks);
  return { link, key };
};

test('an agent inside TLS is a session of the relay, and the relay knows the address that it came from', async () => {
  const { link, key } = await dial();
  expect(link.serverId).toBe(relay.serverId);
  const tunnel = await plane.tunnel(device);
  await link.forward(tunnel.id);
  expect(relay.forwards.get(tunnel.id)?.session).toMatchObject({
    device,
    source: '127.0.0.1',
    fingerprint: key.fingerprint,
  });
  link.end();
});

test('the certificate does not count and the pinned host key does', async () => {
  // The test's authority is unknown to the system, and yet the first test passed; a strange pin stops the dial.
  const strange = relayAccess({ timers: systemTimers, channels: 1 }).makeKey().publicKey;
  await expect(dial({ pins: [strange] })).rejects.toMatchObject({ failure: 'unpinned' });
});

test('another name is not the relay: it gets HTTP', async () => {
  await expect(dial({ host: `jump.${domain}` })).rejects.toMatchObject({ failure: 'unreachable' });
  const tls = connectTls({ host: '127.0.0.1', port: routerPort, servername: `x.${domain}`, rejectUnauthorized: false });
  tls.write(`GET / HTTP/1.1\r\nHost: x.${domain}\r\n\r\n`);
  const [answer] = (await once(tls, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 4/);
  tls.destroy();
});

test('an address has no name to ask for', async () => {
  await expect(dial({ host: '127.0.0.1' })).rejects.toMatchObject({
    failure: 'unreachable',
    message: '127.0.0.1: TLS needs a name, and the cloud gave an address',
  });
});

test('a router without a relay behind it takes nobody for one', async () => {
  const { port } = await plane.router({ certificate });
  await expect(dial({ port })).rejects.toMatchObject({ failure: 'unreachable' });
});

test('a relay that is not there ends the connection', async () => {
  const { port } = await plane.router({ certificate, relayBackend: { host: '127.0.0.1', port: 1 } });
  await expect(dial({ port })).rejects.toMatchObject({ failure: 'unreachable' });
});

test('behind the router nobody comes without saying from where, and at the front nobody may say it', async () => {
  const banner = 'SSH-2.0-test\r\n';
  const first = async (port: number, bytes: Buffer | string): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port });
    const said: Buffer[] = [];
    socket.on('data', (data) => said.push(data));
    socket.on('error', () => undefined);
    socket.write(bytes);
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.destroy();
    return Buffer.concat(said).toString('latin1');
  };
  const from = (sourceAddress: string): Buffer =>
    encodeProxyHeader({
      command: 'proxy',
      endpoints: {
        ...{ family: 'tcp4', sourceAddress, sourcePort: 4_022 },
        ...{ destinationAddress: '127.0.0.1', destinationPort: 22 },
      },
      tlvs: [],
    });
  expect(await first(wrappedPort(), banner)).toBe('');
  expect(await first(wrappedPort(), Buffer.concat([from('198.51.100.7'), Buffer.from(banner)]))).toMatch(/^SSH-2\.0-/);
  // Bare SSH: the header is no SSH, and its address stands nowhere.
  expect(await first(relay.port, banner)).toMatch(/^SSH-2\.0-/);
  await first(relay.port, Buffer.concat([from('203.0.113.9'), Buffer.from(banner)]));
  expect(JSON.stringify(plane.lines)).not.toContain('203.0.113.9');
});
