import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { createLinkTokens } from '../../adapters/jwt/link-tokens.ts';

/** A link and a cookie as they were once given out: a router may be of another version than the function that signed. */
const recorded = JSON.parse(readFileSync(join(process.cwd(), 'test/wire/links.json'), 'utf8'));
const { at, key, link, visit } = recorded;
const tokens = createLinkTokens({ keys: () => ({ keys: [], former: [key] }), now: () => at });

test('recorded ones are read as they were meant', async () => {
  expect(await tokens.readLink(link.token)).toEqual(link.is);
  expect(await tokens.readVisit(visit.token)).toEqual(visit.is);
});

test.each([
  ['link', link.token, ['aud', 'exp', 'iat', 'iss', 'jti', 'sub', 'visitExp']],
  ['visit', visit.token, ['aud', 'exp', 'iat', 'iss', 'sub']],
])('a %s has these claims, and its type', (type, token, claims) => {
  expect(Object.keys(decodeJwt(token)).sort()).toEqual(claims);
  expect(decodeProtectedHeader(token)).toEqual({
    ...{ alg: 'EdDSA', typ: `sallyport-${type}+jwt`, kid: expect.any(String) },
  });
});
