import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AwsError } from '../aws-error.ts';
import type { Key, KeyRing } from './key-ring.ts';

/** Pairs that bind a ciphertext to its purpose: decryption needs the same. */
export type EncryptionContext = Readonly<Record<string, string>>;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Layout: length of the key id in one byte, the key id, nonce, tag, AES-256-GCM ciphertext. */
export function encrypt(key: Key, plaintext: Buffer, context: EncryptionContext): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.secret, nonce).setAAD(boundTo(key.id, context));
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const id = Buffer.from(key.id);
  return Buffer.concat([Buffer.from([id.length]), id, nonce, cipher.getAuthTag(), text]);
}

/** The key that a ciphertext names. */
export function keyOfCiphertext(blob: Buffer, keys: KeyRing): Key {
  const end = 1 + (blob[0] ?? 0);
  if (blob.length < end + NONCE_BYTES + TAG_BYTES) throw invalidCiphertext();
  try {
    return keys.get(blob.toString('utf8', 1, end));
  } catch {
    throw invalidCiphertext();
  }
}

/** @throws AwsError InvalidCiphertextException for anything that was changed, or another context */
export function decrypt(key: Key, blob: Buffer, context: EncryptionContext): Buffer {
  const start = 1 + (blob[0] ?? 0);
  const text = start + NONCE_BYTES + TAG_BYTES;
  try {
    const decipher = createDecipheriv(ALGORITHM, key.secret, blob.subarray(start, start + NONCE_BYTES))
      .setAAD(boundTo(key.id, context))
      .setAuthTag(blob.subarray(start + NONCE_BYTES, text));
    return Buffer.concat([decipher.update(blob.subarray(text)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

function boundTo(keyId: string, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.from(JSON.stringify([keyId, pairs]));
}

function invalidCiphertext(): AwsError {
  return new AwsError('InvalidCiphertextException', 'the ciphertext is not valid', 400);
}
