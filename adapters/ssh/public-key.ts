import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { printable } from './printable.ts';
import { ownCopy, SshFormatError, SshReader } from './ssh-bytes.ts';

export type KeyType =
  | 'ssh-ed25519'
  | 'ecdsa-sha2-nistp256'
  | 'ecdsa-sha2-nistp384'
  | 'ecdsa-sha2-nistp521'
  | 'ssh-rsa'
  | 'sk-ssh-ed25519@openssh.com'
  | 'sk-ecdsa-sha2-nistp256@openssh.com';

/** A public key that is known to be well formed. Two of them are the same key exactly when their `base64` is the same. */
export interface PublicKey {
  readonly type: KeyType;
  /** RFC 4253 section 6.6 encoding. */
  readonly blob: Buffer;
  readonly base64: string;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** Made once: giving OpenSSL text at every signature costs twice the verification itself. */
  readonly keyObject: KeyObject;
  /** Security keys only: the application that the key was made for, usually `ssh:`. */
  readonly application?: string | undefined;
}

export type ParsedKey = { readonly ok: true; readonly key: PublicKey } | { readonly ok: false; readonly why: string };

export const fingerprintOf = (blob: Uint8Array): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

/** `<type> <base64> [comment]`, one line, without the options of an authorized_keys file. */
export const parsePublicKeyLine = (line: string): ParsedKey => {
  const text = line.trim();
  if (text.length > 16_384) return refuse('the line is longer than 16 KB');
  if (/[\r\n]/.test(text)) return refuse('more than one line');
  if (text.includes('PRIVATE KEY')) return refuse('that is a private key: keep it, and give its .pub file');
  const [type = '', base64 = ''] = text.split(/[ \t]+/);
  const blob = Buffer.from(base64, 'base64');
  if (base64 === '' || blob.toString('base64') !== base64) {
    return refuse('not an OpenSSH public key: `<type> <base64> [comment]`, as in a .pub file');
  }
  const parsed = parsePublicKeyBlob(blob);
  if (parsed.ok && parsed.key.type !== type)
    return refuse(`the line says ${printable(type, 60)}, the key is ${parsed.key.type}`);
  return parsed;
};

export const parsePublicKeyBlob = (blob: Buffer): ParsedKey => {
  try {
    const reader = new SshReader(blob);
    const type = reader.text();
    const read = readers[type as KeyType];
    if (!Object.hasOwn(readers, type) || read === undefined) return refuse(unsupported(type));
    const { jwk, application } = read(reader);
    reader.end();
    const own = ownCopy(blob);
    return {
      ok: true,
      key: {
        type: type as KeyType,
        blob: own,
        base64: own.toString('base64'),
        fingerprint: fingerprintOf(own),
        keyObject: createPublicKey({ key: jwk, format: 'jwk' }),
        application,
      },
    };
  } catch (error) {
    if (error instanceof RefusedKey) return refuse(error.message);
    return refuse(error instanceof SshFormatError ? `a damaged key: ${error.message}` : 'not a point of its curve');
  }
};

class RefusedKey extends Error {}
const refuse = (why: string): ParsedKey => ({ ok: false, why });

const unsupported = (type: string): string => {
  if (type === 'ssh-dss') return 'DSA keys are broken; make an ed25519 key: ssh-keygen -t ed25519';
  if (type.includes('-cert-')) return 'certificates are not supported; give the plain public key';
  return `keys of type ${printable(type, 60)} are not supported; make an ed25519 key: ssh-keygen -t ed25519`;
};

interface Fields {
  readonly jwk: JsonWebKey;
  readonly application?: string;
}

const readEd25519 = (reader: SshReader): Fields => {
  const x = reader.string();
  if (x.length !== 32) throw new SshFormatError('not 32 bytes');
  return { jwk: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') } };
};

const readEcdsa =
  (name: string, crv: string, size: number) =>
  (reader: SshReader): Fields => {
    if (reader.text() !== name) throw new SshFormatError('another curve than its type says');
    const point = reader.string();
    // RFC 5656 3.1 allows compressed points; OpenSSH does not, and one key must have one form.
    if (point.length !== 1 + size * 2 || point[0] !== 0x04) throw new SshFormatError('not an uncompressed point');
    const x = point.subarray(1, 1 + size).toString('base64url');
    return { jwk: { kty: 'EC', crv, x, y: point.subarray(1 + size).toString('base64url') } };
  };

const readRsa = (reader: SshReader): Fields => {
  const e = reader.positive();
  const n = reader.positive();
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
  if (bits < 2048) throw new RefusedKey(`an RSA key of ${bits} bits; at least 2048 are needed, or ed25519`);
  // The cost of verifying is the sender's choice otherwise.
  if (bits > 8192 || e.length > 4) throw new RefusedKey('an RSA key of more than 8192 bits or with a large exponent');
  return { jwk: { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') } };
};

const withApplication =
  (read: (reader: SshReader) => Fields) =>
  (reader: SshReader): Fields => {
    const fields = read(reader);
    return { ...fields, application: reader.text() };
  };

const readP256 = readEcdsa('nistp256', 'P-256', 32);
const readers: Readonly<Record<KeyType, (reader: SshReader) => Fields>> = {
  'ssh-ed25519': readEd25519,
  'ecdsa-sha2-nistp256': readP256,
  'ecdsa-sha2-nistp384': readEcdsa('nistp384', 'P-384', 48),
  'ecdsa-sha2-nistp521': readEcdsa('nistp521', 'P-521', 66),
  'ssh-rsa': readRsa,
  'sk-ssh-ed25519@openssh.com': withApplication(readEd25519),
  'sk-ecdsa-sha2-nistp256@openssh.com': withApplication(readP256),
};
