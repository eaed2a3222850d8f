import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { verifyAnchors } from '../../adapters/jwt/anchor-signatures.ts';
import { readCopy } from '../../core/model/audit-copy.ts';
import { checkCopies } from '../../core/use-cases/check-copies.ts';
import { createSignatureCheck } from '../../core/use-cases/check-signatures.ts';

/** A copy as it was once locked away: it must be readable for as many years as it is kept. */
const { key, next, lines } = JSON.parse(readFileSync(join(process.cwd(), 'test/wire/audit-copy.json'), 'utf8'));
const copy = readCopy(`${lines.join('\n')}\n`);

test('a recorded one is read, and its signature is good', async () => {
  const check = createSignatureCheck(verifyAnchors, [key]);
  expect(await check.faultOf(copy)).toBeUndefined();
  expect(check.trusted()).toEqual([key, next]);
  expect((await checkCopies([copy.changes])).chains).toMatchObject([{ verdict: { sound: true, records: 2 } }]);
});

test('its first line has these members, and its signature this type', () => {
  const head = JSON.parse(lines[0]);
  expect(Object.keys(head)).toEqual(['v', 'copied', 'anchors', 'digest', 'next', 'signature']);
  expect(decodeProtectedHeader(head.signature)).toEqual({
    ...{ alg: 'EdDSA', typ: 'sallyport-anchors+jws', kid: expect.any(String) },
  });
});
