import { createLinkTokens } from '../../../adapters/jwt/link-tokens.ts';
import { generateEd25519 } from '../../../adapters/ssh/keys.ts';
import { makeLink } from '../../../core/use-cases/make-link.ts';
import { spendLink } from '../../../core/use-cases/spend-link.ts';
import { codeOf, createWorld, operatorId, otherId, startOfTime, type World } from './world.ts';

const tunnel = 'aaaaaaaaaaaaaaaa';
const source = '203.0.113.9';
const key = generateEd25519();
const keys = { keys: [{ type: 'ssh-ed25519', private: key.pem(), public: key.publicLine() }] };

const ready = async (part: Parameters<World['put']>[0] = {}) => {
  const world = createWorld();
  await world.put({ scheme: 'http', service: 'web', ...part });
  await world.ports.operatorKeys.noteSignIn({ id: operatorId, groups: ['field'], at: startOfTime });
  const links = createLinkTokens({ keys: () => keys, now: world.clock.now });
  const ports = { ...world.ports, links, https: true, keys: world.ports.operatorKeys };
  const make = (operator = operatorId, more: Partial<typeof ports> = {}) =>
    makeLink({ ...ports, ...more }, { tunnel, operator, way: 'api', source });
  const spend = async (url: string, at = tunnel, signInMilliseconds = ports.signInMilliseconds) =>
    spendLink(
      { ...ports, signInMilliseconds },
      { token: new URL(url).searchParams.get('token') ?? '', tunnel: at, source },
    );
  return { world, make, spend };
};

test('is at the name of the tunnel, ends in a minute, and its cookie with the tunnel', async () => {
  const { world, make, spend } = await ready();
  const { url, endsAt } = await make();
  expect(url).toMatch(/^https:\/\/t-a{16}\.sallyport\.test\/\.sallyport\/link\?token=[\w.-]+$/);
  expect(Date.parse(endsAt)).toBe(startOfTime + 60_000);
  expect((await spend(url)).endsAt).toBe(startOfTime + 3_600_000);
  expect(world.entries()).toMatchObject([
    { kind: 'allowed', action: 'link', operator: operatorId, tunnel, way: 'api', source },
    { kind: 'allowed', action: 'link.use', operator: operatorId, tunnel, way: 'http', source },
  ]);
  expect(world.entries()[1]?.facts).toEqual(world.entries()[0]?.facts);
});

test('however long the tunnel lives, a cookie lives 12 hours', async () => {
  const { make, spend } = await ready({ endsAt: startOfTime + 7 * 86_400_000 });
  expect((await spend((await make()).url)).endsAt).toBe(startOfTime + 12 * 3_600_000);
});

test.each<[string, Parameters<World['put']>[0], string, { https?: boolean }, string]>([
  ["of somebody else's tunnel", {}, otherId, {}, 'not_found'],
  ['of a tunnel that has ended', { endsAt: startOfTime - 1 }, operatorId, {}, 'tunnel_closed'],
  ['of a shell', { scheme: 'ssh', service: 'ssh' }, operatorId, {}, 'unknown_service'],
  ['without a certificate', {}, operatorId, { https: false }, 'unknown_service'],
])('there is none %s', async (_what, part, operator, more, code) => {
  const { world, make } = await ready(part);
  expect(await codeOf(make(operator, more))).toBe(code);
  expect(world.entries().filter(({ kind }) => kind === 'allowed')).toEqual([]);
});

test('without its record there is none, and none is good', async () => {
  const { world, make, spend } = await ready();
  const { url } = await make();
  world.mood.audit = false;
  expect(await codeOf(make())).toBe('unavailable');
  expect(await codeOf(spend(url))).toBe('unavailable');
});

test('a link at the wrong tunnel stays good at its own', async () => {
  const { spend, make } = await ready();
  const { url } = await make();
  expect(await codeOf(spend(url, 'bbbbbbbbbbbbbbbb'))).toBe('unauthenticated');
  expect(await codeOf(spend(url))).toBe('no refusal');
  expect(await codeOf(spend(url))).toBe('unauthenticated');
});

test('after a sign-in that is too old it is refused, and not used up', async () => {
  const { world, spend, make } = await ready();
  const { url } = await make();
  world.advance(30_000);
  expect(await codeOf(spend(url, tunnel, 30_000))).toBe('sign_in_expired');
  expect(await codeOf(spend(url))).toBe('no refusal');
});
