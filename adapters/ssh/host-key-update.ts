import type { KeyPair } from './keys.ts';
import { SshFormatError, SshReader, sshString } from './ssh-bytes.ts';

/**
 * OpenSSH's way to tell clients of host keys to come (its PROTOCOL 2.5, `UpdateHostKeys`): the server names all its keys
 * after login, the client asks for proof of those that it does not know, and writes them into known_hosts.
 */
export const announcement = 'hostkeys-00@openssh.com';
export const proofRequest = 'hostkeys-prove-00@openssh.com';

/** Others ignore the announcement, and some old ones end the connection over a request that they do not know. */
export const takesHostKeys = (software: string): boolean => software.startsWith('OpenSSH_');

/** SSH_MSG_GLOBAL_REQUEST without an answer. */
export const announcementOf = (keys: readonly KeyPair[]): Buffer =>
  Buffer.concat([
    Buffer.of(80),
    sshString(announcement),
    Buffer.of(0),
    ...keys.map((key) => sshString(key.publicKey.blob)),
  ]);

/** The signatures that the client asked for, in its order; `undefined` for keys that were not announced, or too many. */
export const proofsOf = (
  asked: Buffer,
  { keys, sessionId }: { readonly keys: readonly KeyPair[]; readonly sessionId: Buffer },
): Buffer | undefined => {
  const proofs: Buffer[] = [];
  try {
    for (const reader = new SshReader(asked); reader.left > 0; ) {
      const blob = reader.string();
      const key = keys.find((one) => one.publicKey.blob.equals(blob));
      if (key === undefined || proofs.length >= keys.length) return undefined;
      const signed = Buffer.concat([sshString(proofRequest), sshString(sessionId), sshString(blob)]);
      proofs.push(sshString(signatureOf(key, signed)));
    }
  } catch (error) {
    if (error instanceof SshFormatError) return undefined;
    throw error;
  }
  return proofs.length === 0 ? undefined : Buffer.concat(proofs);
};

const signatureOf = (key: KeyPair, data: Buffer): Buffer => {
  const { type } = key.publicKey;
  const bytes = key.sign(data, 'sha512');
  // RFC 8332 section 3; RFC 5656 section 3.1.2: an mpint is what DER has in an INTEGER.
  if (type === 'ssh-rsa') return Buffer.concat([sshString('rsa-sha2-512'), sshString(bytes)]);
  if (!type.startsWith('ecdsa-')) return Buffer.concat([sshString(type), sshString(bytes)]);
  return Buffer.concat([sshString(type), sshString(Buffer.concat(derIntegers(bytes).map(sshString)))]);
};

/** SEQUENCE { r INTEGER, s INTEGER }, each shorter than 128 bytes for every curve there is. */
const derIntegers = (der: Buffer): readonly [Buffer, Buffer] => {
  const start = der.readUInt8(1) < 0x80 ? 2 : 3;
  const first = start + 2 + der.readUInt8(start + 1);
  return [der.subarray(start + 2, first), der.subarray(first + 2, first + 2 + der.readUInt8(first + 1))];
};
