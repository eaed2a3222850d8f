import { randomBytes } from 'node:crypto';
import { importPKCS8, SignJWT } from 'jose';
import { createLinkTokens, type LinkKeys } from '../../../adapters/jwt/link-tokens.ts';
import { generateEd25519 } from '../../../adapters/ssh/keys.ts';
import { newLinkId } from '../../../core/model/link.ts';

const now = Date.UTC(2026, 10, 21, 12);
const pair = () => {
  const key = generateEd25519();
  return { type: 'ssh-ed25519', private: key.pem(), public: key.publicLine() };
};
const [old, current, coming] = [pair(), pair(), pair()];
const tokensOf = (keys: LinkKeys | undefined, at = now) => createLinkTokens({ keys: () => keys, now: () => at });
const operator = `o${'a'.repeat(25)}`;
const visit = { operator, tunnel: 'b'.repeat(16), endsAt: now + 60_000 };
const link = { ...visit, id: newLinkId({ bytes: randomBytes }), visitEndsAt: now + 3_600_000 };
const refused = expect.objectContaining({ code: 'unauthenticated' });

test('a link and a visit come back as they were, and neither is the other', async () => {
  const tokens = tokensOf({ keys: [current] });
  expect(await tokens.readLink(await tokens.link(link))).toEqual(link);
  expect(await tokens.readVisit(await tokens.visit(visit))).toEqual(visit);
  await expect(tokens.readVisit(await tokens.link(link))).rejects.toEqual(refused);
  await expect(tokens.readLink(await tokens.visit(visit))).rejects.toEqual(refused);
});

test('they end', async () => {
  const token = await tokensOf({ keys: [current] }).link(link);
  expect(await tokensOf({ keys: [current] }, now + 59_000).readLink(token)).toEqual(link);
  await expect(tokensOf({ keys: [current] }, now + 60_000).readLink(token)).rejects.toEqual(refused);
});

test('old and coming keys are believed, and only the current one signs', async () => {
  const rotating: LinkKeys = { keys: [current], next: { keys: [coming] }, former: [old.public] };
  const tokens = tokensOf(rotating);
  for (const signer of [old, current, coming])
    expect(await tokens.readVisit(await tokensOf({ keys: [signer] }).visit(visit))).toEqual(visit);
  const token = await tokens.visit(visit);
  expect(await tokensOf({ keys: [current] }).readVisit(token)).toEqual(visit);
  for (const stranger of [old, coming])
    await expect(tokensOf({ keys: [stranger] }).readVisit(token)).rejects.toEqual(refused);
});

test('a key that was taken away is believed no more', async () => {
  let keys: LinkKeys = { keys: [current], former: [old.public] };
  const tokens = createLinkTokens({ keys: () => keys, now: () => now });
  const token = await tokensOf({ keys: [old] }).visit(visit);
  expect(await tokens.readVisit(token)).toEqual(visit);
  keys = { keys: [current] };
  await expect(tokens.readVisit(token)).rejects.toEqual(refused);
});

describe('whoever forges', () => {
  const forged = async (header: object, changes: { readonly issuer?: string; readonly subject?: string } = {}) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'EdDSA', typ: 'sallyport-visit+jwt', ...header })
      .setIssuer(changes.issuer ?? 'sallyport')
      .setSubject(changes.subject ?? operator)
      .setAudience(visit.tunnel)
      .setExpirationTime(now / 1_000 + 60)
      .sign(await importPKCS8(current.private, 'EdDSA'));
  const tokens = tokensOf({ keys: [current] });
  const unsigned = (header: object) =>
    `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(
      JSON.stringify({ iss: 'sallyport', sub: operator, aud: visit.tunnel, exp: now / 1_000 + 60 }),
    ).toString('base64url')}.`;

  test('the right key, type and claims pass, so that the others fail for what they are', async () => {
    expect(await tokens.readVisit(await forged({}))).toEqual(visit);
  });

  test.each<[string, () => Promise<string> | string]>([
    ['no signature', () => unsigned({ alg: 'none', typ: 'sallyport-visit+jwt' })],
    ['an empty one', () => unsigned({ alg: 'EdDSA', typ: 'sallyport-visit+jwt' })],
    ['another type', () => forged({ typ: 'JWT' })],
    ['another issuer', () => forged({}, { issuer: 'https://issuer.example' })],
    ['an operator that is none', () => forged({}, { subject: 'root' })],
    ['too long a text', () => 'a.'.repeat(2_000)],
  ])('%s', async (_what, make) => {
    await expect(tokens.readVisit(await make())).rejects.toEqual(refused);
  });
});

test('without a key nothing is signed or read', async () => {
  const none = tokensOf(undefined);
  await expect(none.link(link)).rejects.toMatchObject({ code: 'unavailable' });
  await expect(none.readLink('a.b.c')).rejects.toMatchObject({ code: 'unavailable' });
});
