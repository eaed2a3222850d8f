import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { type PublicKey, parsePublicKeyBlob } from './public-key.ts';
import { mpintBytes, sshString, sshUint32 } from './ssh-bytes.ts';

/**
 * A private key in memory with its public half. Node's own generator is used, not ssh2's, which makes an unreadable
 * ed25519 key about once in 250. The key object is made once: giving OpenSSL text costs 496 us a signature, this 35.
 */
export interface KeyPair {
  readonly publicKey: PublicKey;
  /** `hash` is for RSA (RFC 8332): sha256 or sha512. ECDSA signatures come as DER. */
  sign(data: Buffer, hash?: 'sha256' | 'sha512'): Buffer;
  /** `<type> <base64> <comment>`, one line without its end. */
  publicLine(comment?: string): string;
  /** PKCS#8 text, for a secret store. */
  pem(): string;
  /** The text of an OpenSSH private key file, without a passphrase. ed25519 only: throws TypeError otherwise. */
  openSshPrivate(comment?: string): string;
}

export const generateEd25519 = (): KeyPair => keyPairOf(generateKeyPairSync('ed25519').privateKey);

export const generateEcdsaP256 = (): KeyPair =>
  keyPairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

/** For devices whose SSH client knows only RSA host keys. Takes 0.1 to 2 s of another thread. */
export const generateRsa = async (bits = 3072): Promise<KeyPair> =>
  keyPairOf((await promisify(generateKeyPair)('rsa', { modulusLength: bits })).privateKey);

/** Reads PKCS#8, PKCS#1, SEC1 or OpenSSH text without a passphrase. Throws TypeError; the message never holds the text. */
export const readPrivateKey = (text: string): KeyPair => {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(text.includes('OPENSSH PRIVATE KEY') ? toPem(text) : text);
  } catch {
    throw new TypeError('not a readable private key without a passphrase');
  }
  return keyPairOf(privateKey);
};

const toPem = (text: string): string => {
  const parsed = ssh2.utils.parseKey(text);
  const [key] = Array.isArray(parsed) ? parsed : [parsed];
  if (key === undefined || key instanceof Error) throw new TypeError('unreadable');
  return key.getPrivatePEM();
};

const keyPairOf = (privateKey: KeyObject): KeyPair => {
  const parsed = parsePublicKeyBlob(blobOf(privateKey));
  if (!parsed.ok) throw new TypeError(`not a key for SSH: ${parsed.why}`);
  const publicKey = parsed.key;
  const digest = ecdsaDigests[publicKey.type];
  return {
    publicKey,
    sign: (data, hash) => sign(publicKey.type === 'ssh-rsa' ? (hash ?? 'sha512') : digest, data, privateKey),
    publicLine: (comment = '') => `${publicKey.type} ${publicKey.base64}${comment === '' ? '' : ` ${comment}`}`,
    pem: () => String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    openSshPrivate: (comment = '') => openSshFile(publicKey, privateKey, comment),
  };
};

/** `null`: the algorithm has its own hash (ed25519). */
const ecdsaDigests: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

const curveNames: Readonly<Record<string, string>> = {
  prime256v1: 'nistp256',
  secp384r1: 'nistp384',
  secp521r1: 'nistp521',
};
const pointLengths: Readonly<Record<string, number>> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/** The public half as RFC 4253 6.6 has it. By DER, never by JWK: exporting that can deadlock Node 20 when it collects garbage. */
const blobOf = (privateKey: KeyObject): Buffer => {
  const publicKey = createPublicKey(privateKey);
  switch (privateKey.asymmetricKeyType) {
    case 'ed25519': {
      const der = publicKey.export({ type: 'spki', format: 'der' });
      return Buffer.concat([sshString('ssh-ed25519'), sshString(der.subarray(-32))]);
    }
    case 'ec': {
      const curve = curveNames[privateKey.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'unknown';
      const der = publicKey.export({ type: 'spki', format: 'der' });
      const point = der.subarray(-(pointLengths[curve] ?? 1));
      return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)]);
    }
    case 'rsa': {
      const [n, e] = derIntegers(publicKey.export({ type: 'pkcs1', format: 'der' }));
      return Buffer.concat([sshString('ssh-rsa'), sshString(mpintBytes(e)), sshString(mpintBytes(n))]);
    }
    default:
      return sshString(String(privateKey.asymmetricKeyType));
  }
};

/** The two integers of RFC 8017 A.1.1: SEQUENCE { modulus, publicExponent }. */
const derIntegers = (der: Buffer): [Buffer, Buffer] => {
  const take = (at: number): { start: number; end: number } => {
    const first = der.readUInt8(at + 1);
    const width = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + width;
    return { start, end: start + (width === 0 ? first : der.readUIntBE(at + 2, width)) };
  };
  const modulus = take(take(0).start);
  const exponent = take(modulus.end);
  return [der.subarray(modulus.start, modulus.end), der.subarray(exponent.start, exponent.end)];
};

/** OpenSSH's PROTOCOL.key, with cipher and KDF `none`. OpenSSH before 9.6 does not read ed25519 keys as PKCS#8. */
const openSshFile = (publicKey: PublicKey, privateKey: KeyObject, comment: string): string => {
  if (publicKey.type !== 'ssh-ed25519') throw new TypeError('only ed25519 keys are written as OpenSSH files');
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const point = publicKey.blob.subarray(-32);
  const check = randomBytes(4);
  const fields = [check, check, publicKey.blob, sshString(Buffer.concat([seed, point])), sshString(comment)];
  const inner = Buffer.concat(fields);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, index) => index + 1));
  const none = sshString('none');
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[none, none, sshString(''), sshUint32(1), sshString(publicKey.blob)],
    sshString(Buffer.concat([inner, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
};
