import { SallyportError } from '../errors.ts';
import type { DeviceKey } from '../model/device.ts';
import { harmless } from '../model/text.ts';
import type { SshKeys } from '../ports/ssh-keys.ts';

/** What relays can verify and no weaker. Security keys want a finger on them, which a device does not have. */
const deviceKeyTypes = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'];

/** A key that a device may dial with. Throws `invalid_request` with the pointer. */
export const deviceKeyOf = (
  sshKeys: Pick<SshKeys, 'parse'>,
  line: string,
  { pointer, at }: { readonly pointer: string; readonly at: number },
): DeviceKey => {
  const parsed = sshKeys.parse(line);
  if (!parsed.ok) throw new SallyportError('invalid_request', { pointer, detail: harmless(parsed.why) });
  const { type, fingerprint, line: publicKey } = parsed.key;
  if (!deviceKeyTypes.includes(type))
    throw new SallyportError('invalid_request', {
      pointer,
      detail: `a device's key is of ${deviceKeyTypes.join(', ')}`,
    });
  return { fingerprint, publicKey, addedAt: at };
};
