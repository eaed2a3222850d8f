import { createAcmeIssuer } from '../../../adapters/acme/issuer.ts';
import { createEventHub } from '../../../core/events.ts';
import { type CertificateText, judgeCertificate } from '../../../core/model/certificate.ts';
import { renewCertificate } from '../../../core/use-cases/renew-certificate.ts';
import { startAcmeAuthority } from './acme-authority.ts';

const domain = 'tunnels.example.com';
const day = 86_400_000;

const setUp = async () => {
  const txt = new Set<string>();
  const authority = await startAcmeAuthority(txt);
  const world = { now: Date.now(), kept: undefined as CertificateText | undefined, waits: 0, puts: 0 };
  const records: unknown[] = [];
  const lines: unknown[] = [];
  const hub = createEventHub({
    process: 'test',
    clock: { now: () => world.now, monotonic: () => world.now },
    log: { write: (line) => void lines.push(line) },
    metrics: { count: () => undefined, gauge: () => undefined, observe: () => undefined },
    audit: { append: async (record) => void records.push(record) },
  });
  const issuer = createAcmeIssuer({
    ...{ directory: authority.directory, email: 'a@example.com', domain, now: () => world.now },
    record: {
      put: async (value) => {
        world.puts += 1;
        txt.add(value);
      },
      remove: async (value) => void txt.delete(value),
    },
    timers: {
      schedule: (_milliseconds, run) => {
        world.waits += 1;
        setImmediate(run);
        return { cancel: () => undefined };
      },
    },
  });
  const store = {
    read: async () => world.kept,
    write: async (certificate: CertificateText) => {
      world.kept = certificate;
    },
  };
  const renew = () => renewCertificate({ store, issuer, hub, clock: { now: () => world.now } }, { domain });
  return { world, txt, authority, records, lines, renew };
};

test('orders a wildcard, proves the domain, and leaves no record behind', async () => {
  const { world, txt, authority, records, lines, renew } = await setUp();
  expect(await renew()).toBe(true);
  expect(authority.names()).toEqual([`*.${domain}`]);
  expect(authority.contacts()).toEqual([['mailto:a@example.com']]);
  expect(judgeCertificate(world.kept ?? { cert: '', key: '' }, { domain, now: Date.now() + day })).toMatchObject({
    ok: true,
  });
  expect([txt.size, world.puts]).toEqual([0, 1]);
  expect(world.waits).toBeGreaterThan(0);
  expect(JSON.stringify([records, lines])).not.toContain('PRIVATE');
  await authority.close();
});

test('renews a month before the end and not before, and at once what is of no use', async () => {
  const { world, authority, renew } = await setUp();
  await renew();
  const first = world.kept;
  world.now += 59 * day;
  expect(await renew()).toBe(false);
  world.now += 2 * day;
  expect(await renew()).toBe(true);
  expect(world.kept).not.toEqual(first);
  world.kept = { cert: 'x', key: 'y' };
  expect(await renew()).toBe(true);
  expect(authority.orders()).toBe(3);
  await authority.close();
});

test('asks again with the nonce of the refusal, a few times', async () => {
  const { authority, renew } = await setUp();
  authority.behaviour.staleNonces = 2;
  expect(await renew()).toBe(true);
  await authority.close();
  const other = await setUp();
  other.authority.behaviour.staleNonces = 99;
  await expect(other.renew()).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('badNonce'),
  });
  await other.authority.close();
});

test('a proof that is found invalid changes nothing, and its record goes all the same', async () => {
  const { world, txt, authority, renew } = await setUp();
  authority.behaviour.finds = 'invalid';
  await expect(renew()).rejects.toMatchObject({ code: 'unavailable' });
  expect([world.kept, txt.size, world.puts]).toEqual([undefined, 0, 1]);
  await authority.close();
});

test("an authority's certificate that is not for our key is not written", async () => {
  const { world, authority, renew } = await setUp();
  await renew();
  const standing = world.kept;
  authority.behaviour.instead = standing?.cert ?? '';
  world.now += 70 * day;
  await expect(renew()).rejects.toThrow('the key is not that of the first certificate');
  expect(world.kept).toBe(standing);
  await authority.close();
});

test('an authority that is away, or something else, is told so', async () => {
  const { authority, renew } = await setUp();
  await authority.close();
  await expect(renew()).rejects.toMatchObject({ code: 'unavailable' });
});
