import { createHash } from 'node:crypto';
import type { JWK } from 'jose';

/** RFC 8037. */
export const algorithm = 'EdDSA';

/** Names a key, by its `ssh-ed25519 AAAA...` line, in the header of what it signs. */
export const keyIdOf = (line: string): string => createHash('sha256').update(line).digest('base64url');

/** RFC 8709 section 4: the last 32 bytes of the blob are the key. */
export const publicKeyOf = (line: string): JWK => ({
  kty: 'OKP',
  crv: 'Ed25519',
  alg: algorithm,
  kid: keyIdOf(line),
  x: Buffer.from(line.split(' ')[1] ?? '', 'base64')
    .subarray(-32)
    .toString('base64url'),
});
