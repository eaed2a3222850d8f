import { certificate } from '../../../cli/certificate.ts';
import type { CertificateText } from '../../../core/model/certificate.ts';
import { type Authority, createAuthority, type Issued } from '../../../local/ca/authority.ts';

const domain = 'tunnels.example.com';
const day = 86_400_000;
let authority: Authority;
let good: Issued;
let other: Issued;
beforeAll(async () => {
  authority = await createAuthority();
  good = await authority.issueServer([`*.${domain}`]);
  other = await authority.issueServer([`*.${domain}`]);
});

const run = async (
  command: string,
  given: { cert?: string; key?: string; standing?: CertificateText; now?: number; more?: readonly string[] } = {},
) => {
  const kept = { value: given.standing };
  const said: string[] = [];
  const code = await certificate({
    args: [command, '--domain', domain, '--cert', 'c', '--key', 'k', '--secret', 'arn', ...(given.more ?? [])],
    readFile: (path) => (path === 'c' ? (given.cert ?? good.certificate) : (given.key ?? good.privateKey)),
    open: () => ({
      read: async () => kept.value,
      write: async (value) => {
        kept.value = value;
      },
    }),
    say: (line) => void said.push(line),
    now: given.now ?? Date.now(),
  });
  return { code, said: said.join('\n'), kept: kept.value };
};

test('puts a good one, its certificates alone, and never says the key', async () => {
  const { code, said, kept } = await run('put', {
    cert: `Bag Attributes\n${good.certificate}${authority.certificate}`,
  });
  expect(code).toBe(0);
  expect(kept).toEqual({ cert: `${good.certificate}${authority.certificate}`, key: good.privateKey });
  expect(said).toContain(`DNS:*.${domain}`);
  expect(said).toContain('no public authority');
  expect(said).not.toContain('PRIVATE');
});

test('writes nothing that routers would refuse, and says why', async () => {
  const standing = { cert: good.certificate, key: good.privateKey };
  const { code, said, kept } = await run('put', { key: other.privateKey, standing });
  expect([code, said, kept]).toEqual([1, 'not good: the key is not that of the first certificate', standing]);
});

test('warns of an end that is near, and keeps the one that lives longer', async () => {
  expect((await run('check', { now: Date.now() + 800 * day })).said).toContain('warning: it ends within 30 days');
  const standing = { cert: authority.certificate, key: '' };
  expect(await run('put', { standing })).toMatchObject({
    code: 1,
    kept: standing,
    said: expect.stringContaining('ends later'),
  });
  expect(await run('put', { standing, more: ['--even-older'] })).toMatchObject({ code: 0 });
});

test('only checks when asked to check', async () => {
  expect(await run('check')).toMatchObject({ code: 0, kept: undefined });
});

test.each([['frobnicate'], ['--help']])('%s shows how', async (command) => {
  expect((await run(command)).said).toContain('npx tsx cli/certificate.ts check|put');
});
