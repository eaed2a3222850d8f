import { createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { HostKeyPair } from '../../core/ports/host-key-store.ts';
import { mpintBytes, sshString } from './ssh-bytes.ts';

const generate = promisify(generateKeyPair);

/**
 * One key of each type that SSH clients in the field can check: ed25519; ECDSA P-256 for those with hardware for it only;
 * RSA 3072 for old ones. Without the SSH library, so that a function can make them with what it bundles.
 */
export const makeHostKeyPairs = async (): Promise<readonly HostKeyPair[]> => {
  const pairs = await Promise.all([
    generate('ed25519'),
    generate('ec', { namedCurve: 'P-256' }),
    generate('rsa', { modulusLength: 3072 }),
  ]);
  return pairs.map(pairOf);
};

/** A key that signs links and cookies, or anchors: ed25519, which is JOSE's EdDSA (RFC 8037). */
export const makeSigningKeyPairs = async (): Promise<readonly HostKeyPair[]> => [pairOf(await generate('ed25519'))];

const pairOf = ({ privateKey }: { readonly privateKey: KeyObject }): HostKeyPair => {
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  // From the text, not from the fresh key: exporting that one as JWK can deadlock Node 20 when it collects garbage.
  const blob = blobOf(createPublicKey(pem).export({ format: 'jwk' }));
  const [type, ...rest] = blob;
  return {
    type,
    private: pem,
    public: `${type} ${Buffer.concat([type, ...rest].map(sshString)).toString('base64')}`,
  };
};

/** RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4: the type, then its parts. */
const blobOf = ({ kty, x = '', y = '', n = '', e = '' }: JsonWebKey): readonly [string, ...(string | Buffer)[]] => {
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  switch (kty) {
    case 'OKP':
      return ['ssh-ed25519', bytes(x)];
    case 'EC':
      return ['ecdsa-sha2-nistp256', 'nistp256', Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)])];
    default:
      return ['ssh-rsa', mpintBytes(bytes(e)), mpintBytes(bytes(n))];
  }
};
