import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';

/** API Gateway's JWT authorizers know no elliptic curves: "only RSA-based algorithms are supported". */
export const algorithm = 'RS256';

export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

/** The key in that file, made there if there is none. Throws when the file is no key. */
export async function readSigningKey(file: string | undefined): Promise<SigningKey> {
  const stored = file === undefined ? undefined : await readFile(file, 'utf8').catch(absent);
  const privateKey = stored === undefined ? await makeKey(file) : createPrivateKey(stored);
  const jwk: JWK = createPublicKey(privateKey).export({ format: 'jwk' });
  const id = await calculateJwkThumbprint(jwk);
  return { id, privateKey, publicJwk: { ...jwk, kid: id, alg: algorithm, use: 'sig' } };
}

async function makeKey(file: string | undefined): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  if (file !== undefined) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  }
  return privateKey;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
