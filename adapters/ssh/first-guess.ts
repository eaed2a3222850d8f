import { SshFormatError, SshReader } from './ssh-bytes.ts';

/**
 * Whether the key exchange packet that a client sent ahead may be used (RFC 4253 section 7): only if the first key
 * exchange algorithm *and* the first host key algorithm of both lists are the same. Otherwise it must be thrown away.
 *
 * ssh2 1.17 compares the guess with the first letter of the algorithm's name (lib/protocol/kex.js, handleKexInit reads
 * `remote.kex[0]` after it has replaced the list by the chosen name), so it throws every guess away, and dropbear, whose
 * guess was right, waits for ever.
 */
export const guessIsRight = (
  clientKexInit: Buffer,
  server: { readonly kex: readonly string[]; readonly serverHostKey: readonly string[] },
): boolean => {
  try {
    // Message number and cookie come first.
    const reader = new SshReader(clientKexInit, 17);
    const first = () => reader.text().split(',', 1)[0];
    return first() === server.kex[0] && first() === server.serverHostKey[0];
  } catch (error) {
    if (error instanceof SshFormatError) return false;
    throw error;
  }
};
