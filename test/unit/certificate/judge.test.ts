import { judgeCertificate } from '../../../core/model/certificate.ts';
import { type Authority, createAuthority, type Issued } from '../../../local/ca/authority.ts';

const domain = 'tunnels.example.com';
const day = 86_400_000;
let authority: Authority;
let good: Issued;
let other: Issued;

beforeAll(async () => {
  authority = await createAuthority();
  good = await authority.issueServer([`*.${domain}`, domain]);
  other = await authority.issueServer([`*.${domain}`]);
});

const judge = (cert: string, key: string, now = Date.now()) => judgeCertificate({ cert, key }, { domain, now });

test('a wildcard with its key, alone or with its chain, is good', () => {
  expect(judge(good.certificate, good.privateKey)).toMatchObject({
    ok: true,
    facts: { names: expect.stringContaining(`DNS:*.${domain}`), notAfter: expect.any(Number) },
  });
  expect(judge(`${good.certificate}\n${authority.certificate}`, good.privateKey).ok).toBe(true);
});

test('all that is wrong is said at once, and nothing of the key', async () => {
  const wrong = await authority.issueServer(['www.example.com']);
  const verdict = judge(wrong.certificate, good.privateKey, Date.now() + 3_000 * day);
  expect(verdict).toEqual({
    ok: false,
    problems: [
      'the key is not that of the first certificate',
      `it does not cover *.${domain}`,
      expect.stringMatching(/^certificate 1 of the chain ended on /),
    ],
  });
  expect(JSON.stringify(judge('', `${good.privateKey.slice(0, 60)}\n`))).not.toContain(good.privateKey.slice(30, 50));
});

test.each<[string, () => ReturnType<typeof judge>, RegExp]>([
  ['no certificate', () => judge('', good.privateKey), /not a chain/],
  [
    'text that only looks like one',
    () => judge(good.certificate.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAA'), good.privateKey),
    /not a chain/,
  ],
  ['a chain without end', () => judge(good.certificate.repeat(11), good.privateKey), /1 to 10/],
  ['no key', () => judge(good.certificate, ''), /not a readable private key/],
  ['a public key', () => judge(good.certificate, good.certificate), /not a readable private key/],
  ['the key of another', () => judge(good.certificate, other.privateKey), /not that of the first/],
  [
    'the chain upside down',
    () => judge(`${authority.certificate}\n${good.certificate}`, good.privateKey),
    /put the leaf first/,
  ],
  ['a stranger above it', () => judge(`${good.certificate}\n${other.certificate}`, good.privateKey), /has not issued/],
  ['one of tomorrow', () => judge(good.certificate, good.privateKey, Date.now() - 2 * day), /begins on/],
])('%s is refused', (_name, run, why) => {
  const verdict = run();
  expect(verdict.ok ? [] : verdict.problems).toContainEqual(expect.stringMatching(why));
});

test('names deeper down, of a sibling, or one by one are not the wildcard', async () => {
  for (const name of [domain, `relay.${domain}`, `*.sub.${domain}`, '*.example.com', `*.${domain}.evil.example`]) {
    const issued = await authority.issueServer([name]);
    expect(judge(issued.certificate, issued.privateKey)).toMatchObject({ ok: false });
  }
});
