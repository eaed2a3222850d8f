import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { startTokenIssuer } from '../../../local/token-issuer/token-issuer.ts';

const directory = mkdtempSync(join(tmpdir(), 'issuer-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('publishes what verifies its tokens, and knows them after a restart', async () => {
  const keyFile = join(directory, 'deep', 'issuer.pem');
  const first = await startTokenIssuer({ keyFile, audience: 'sallyport' });
  const token = await first.token('ada', { groups: ['admins'], lifetime: 60 });
  await first.close();
  expect(statSync(keyFile).mode & 0o077).toBe(0);

  const second = await startTokenIssuer({ keyFile, audience: 'sallyport', issuer: first.issuer });
  const discovery = await (await fetch(`${second.url}/.well-known/openid-configuration`)).json();
  expect(discovery).toMatchObject({ issuer: first.issuer, jwks_uri: second.jwksUrl });
  const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(second.jwksUrl)), {
    issuer: first.issuer,
    audience: 'sallyport',
  });
  expect(payload).toMatchObject({ sub: 'ada', groups: ['admins'] });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
  expect(protectedHeader.alg).toBe('RS256');
  const keys = await (await fetch(second.jwksUrl)).json();
  expect(JSON.stringify(keys)).not.toContain('"d"');
  expect((await fetch(`${second.url}/other`)).status).toBe(404);
  await second.close();
});
