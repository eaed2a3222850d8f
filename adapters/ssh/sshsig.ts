import { createHash } from 'node:crypto';
import type { KeyPair } from './keys.ts';
import { type PublicKey, parsePublicKeyBlob } from './public-key.ts';
import { verifySignature } from './signature.ts';
import { SshFormatError, SshReader, sshString, sshUint32 } from './ssh-bytes.ts';

export type SshSigCheck = { readonly ok: true; readonly key: PublicKey } | { readonly ok: false; readonly why: string };

const magic = Buffer.from('SSHSIG');
const no = (why: string): SshSigCheck => ({ ok: false, why });

/**
 * Checks what `ssh-keygen -Y sign -n <namespace>` wrote (OpenSSH's PROTOCOL.sshsig) over `message`, and says whose key
 * made it. This proves possession of a key without a connection. The caller must compare the key with the one expected.
 */
export const verifySshSig = (armored: string, message: Buffer, namespace: string): SshSigCheck => {
  const body = /^-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]{1,8192}?)\s*-----END SSH SIGNATURE-----\s*$/.exec(
    armored,
  )?.[1];
  if (body === undefined) return no('not an SSH signature, as `ssh-keygen -Y sign` writes it');
  try {
    const reader = new SshReader(Buffer.from(body, 'base64'));
    if (!reader.raw(magic.length).equals(magic) || reader.uint32() !== 1)
      return no('not an SSH signature of version 1');
    const parsed = parsePublicKeyBlob(reader.string());
    if (!parsed.ok) return no(parsed.why);
    if (reader.text() !== namespace) return no(`not made for ${namespace}: sign with -n ${namespace}`);
    const reserved = reader.string();
    const hash = reader.text();
    const signature = reader.string();
    reader.end();
    if (hash !== 'sha256' && hash !== 'sha512') return no('an unknown hash');
    const digest = createHash(hash).update(message).digest();
    const signed = Buffer.concat([magic, ...[namespace, reserved, hash, digest].map(sshString)]);
    return verifySignature(parsed.key, signed, signature)
      ? { ok: true, key: parsed.key }
      : no('the signature does not match');
  } catch (error) {
    if (error instanceof SshFormatError) return no('a damaged signature');
    throw error;
  }
};

/** What `ssh-keygen -Y sign -n <namespace>` would write, by an ed25519 key in memory. */
export const makeSshSig = (key: KeyPair, message: Buffer, namespace: string): string => {
  const digest = createHash('sha512').update(message).digest();
  const context = [namespace, '', 'sha512'].map(sshString);
  const signature = Buffer.concat([
    sshString(key.publicKey.type),
    sshString(key.sign(Buffer.concat([magic, ...context, sshString(digest)]))),
  ]);
  const body = Buffer.concat([magic, sshUint32(1), sshString(key.publicKey.blob), ...context, sshString(signature)]);
  const lines = body.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`;
};
