import { createPrivateKey } from 'node:crypto';
import { CompactSign, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { SallyportError } from '../../core/errors.ts';
import { publicLines } from '../../core/model/key-rotation.ts';
import type { AnchorKeys, AnchorVerifier } from '../../core/ports/anchor-signatures.ts';
import type { HostKeySet } from '../../core/ports/host-key-store.ts';
import { algorithm, keyIdOf, publicKeyOf } from './ed25519-line.ts';

/** RFC 8725 3.11: no other token of ours passes for one. */
const type = 'sallyport-anchors+jws';

/**
 * Signatures as compact JWS with detached content (RFC 7515 appendix F): the text stands beside them already. `keys` is
 * asked at each use; `undefined` while there are none.
 */
export const createAnchorKeys =
  (keys: () => Promise<Pick<HostKeySet, 'keys' | 'next'> | undefined>): AnchorKeys =>
  async () => {
    const set = await keys();
    const pair = set?.keys[0];
    if (pair === undefined) throw new SallyportError('unavailable', { detail: 'there is no key for anchors yet' });
    const { next } = set ?? {};
    return {
      // One that is not announced may yet be thrown away.
      next: next?.announcedAt === undefined ? [] : publicLines(next.keys),
      async sign(text) {
        const jws = await new CompactSign(Buffer.from(text))
          .setProtectedHeader({ alg: algorithm, typ: type, kid: keyIdOf(pair.public) })
          .sign(createPrivateKey(pair.private));
        return jws.replace(/\..*\./, '..');
      },
    };
  };

export const verifyAnchors: AnchorVerifier = async ({ text, signature }, trusted) => {
  try {
    const jws = signature.replace('..', `.${Buffer.from(text).toString('base64url')}.`);
    const { kid } = decodeProtectedHeader(jws);
    const by = trusted.find((line) => keyIdOf(line) === kid);
    if (by === undefined) return { fault: 'unknown' };
    const { protectedHeader } = await compactVerify(jws, await importJWK(publicKeyOf(by)), { algorithms: [algorithm] });
    return protectedHeader.typ === type ? { by } : { fault: 'wrong' };
  } catch {
    return { fault: 'wrong' };
  }
};
