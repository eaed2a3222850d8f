import type { SshKeyAnswer, SshKeys } from '../../core/ports/ssh-keys.ts';
import { type PublicKey, parsePublicKeyLine } from './public-key.ts';
import { verifySshSig } from './sshsig.ts';

type Answer = { readonly ok: true; readonly key: PublicKey } | { readonly ok: false; readonly why: string };

const plain = (answer: Answer): SshKeyAnswer => {
  if (!answer.ok) return answer;
  const { type, base64, fingerprint } = answer.key;
  return { ok: true, key: { type, line: `${type} ${base64}`, fingerprint } };
};

/** Keys and signatures as text: nothing here opens a connection. */
export const createSshKeys = (): SshKeys => ({
  parse: (line) => plain(parsePublicKeyLine(line)),
  signerOf: (armored, message, namespace) => plain(verifySshSig(armored, Buffer.from(message), namespace)),
});
