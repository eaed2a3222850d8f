import { createHash, verify } from 'node:crypto';
import type { KeyType, PublicKey } from './public-key.ts';
import { SshFormatError, SshReader } from './ssh-bytes.ts';

/** Signature algorithms and the key type that each belongs to (RFC 8332 for RSA). SHA-1 (`ssh-rsa`) is not among them. */
export const signatureAlgorithms = {
  'ssh-ed25519': 'ssh-ed25519',
  'ecdsa-sha2-nistp256': 'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384': 'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521': 'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com': 'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'sk-ecdsa-sha2-nistp256@openssh.com',
  'rsa-sha2-512': 'ssh-rsa',
  'rsa-sha2-256': 'ssh-rsa',
} as const satisfies Readonly<Record<string, KeyType>>;
export type SignatureAlgorithm = keyof typeof signatureAlgorithms;

export const isSignatureAlgorithm = (name: string): name is SignatureAlgorithm =>
  Object.hasOwn(signatureAlgorithms, name);

/** `string algorithm, string signature` and what a security key adds: whether `key` made it over `data`. Never throws. */
export const verifySignature = (key: PublicKey, data: Buffer, signature: Buffer): boolean => {
  try {
    const reader = new SshReader(signature);
    const algorithm = reader.text();
    if (!isSignatureAlgorithm(algorithm) || signatureAlgorithms[algorithm] !== key.type) return false;
    const value = reader.string();
    if (key.application !== undefined) return verifySecurityKey(key, key.application, { data, value, rest: reader });
    reader.end();
    return verifyPlain(key, algorithm, data, value);
  } catch (error) {
    if (error instanceof SshFormatError) return false;
    throw error;
  }
};

const verifyPlain = (key: PublicKey, algorithm: SignatureAlgorithm, data: Buffer, value: Buffer): boolean => {
  switch (algorithm) {
    case 'rsa-sha2-256':
      return verify('sha256', data, key.keyObject, value);
    case 'rsa-sha2-512':
      return verify('sha512', data, key.keyObject, value);
    case 'ecdsa-sha2-nistp256':
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return verifyEcdsa(key, 'sha256', 32, { data, value });
    case 'ecdsa-sha2-nistp384':
      return verifyEcdsa(key, 'sha384', 48, { data, value });
    case 'ecdsa-sha2-nistp521':
      return verifyEcdsa(key, 'sha512', 66, { data, value });
    default:
      return verify(null, data, key.keyObject, value);
  }
};

/** RFC 5656 3.1.2: two mpints. Node takes them side by side, each as long as the curve's order. */
const verifyEcdsa = (key: PublicKey, hash: string, size: number, signed: { data: Buffer; value: Buffer }): boolean => {
  const reader = new SshReader(signed.value);
  const pair = Buffer.alloc(size * 2);
  for (const half of [0, 1]) {
    const number = reader.positive();
    if (number.length > size) return false;
    number.copy(pair, size * (half + 1) - number.length);
  }
  reader.end();
  return verify(hash, signed.data, { key: key.keyObject, dsaEncoding: 'ieee-p1363' }, pair);
};

interface SecurityKeySignature {
  readonly data: Buffer;
  readonly value: Buffer;
  readonly rest: SshReader;
}

/** OpenSSH's PROTOCOL.u2f: flags and counter follow, and what is signed is built from digests. */
const verifySecurityKey = (
  key: PublicKey,
  application: string,
  { data, value, rest }: SecurityKeySignature,
): boolean => {
  const flagsAndCounter = rest.raw(5);
  rest.end();
  // Bit 0 is "the user was there"; OpenSSH asks for it unless told not to, and so do we, always.
  if (((flagsAndCounter[0] ?? 0) & 0x01) === 0) return false;
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  const signed = Buffer.concat([sha256(application), flagsAndCounter, sha256(data)]);
  return verifyPlain(
    key,
    key.type === 'sk-ssh-ed25519@openssh.com' ? 'ssh-ed25519' : 'ecdsa-sha2-nistp256',
    signed,
    value,
  );
};
