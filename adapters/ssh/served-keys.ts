import type { HostKeyPair } from '../../core/ports/host-key-store.ts';
import { type KeyPair, readPrivateKey } from './keys.ts';
import { hostKeyTable } from './server.ts';

/**
 * The keys of a secret, ready to be served. Throws when one cannot be read, is not what its public line says (devices pin
 * that line), or two are of one type: better found here than by the next device.
 */
export const servedKeys = ({ keys }: { readonly keys: readonly HostKeyPair[] }): readonly KeyPair[] => {
  const pairs = keys.map((key) => {
    const pair = readPrivateKey(key.private);
    if (pair.publicLine() !== key.public) throw new TypeError('a host key differs from its public line');
    return pair;
  });
  hostKeyTable(pairs);
  return pairs;
};
