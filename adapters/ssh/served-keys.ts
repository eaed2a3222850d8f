import type { HostKeyPair, HostKeySet } from '../../core/ports/host-key-store.ts';
import { type KeyPair, readPrivateKey } from './keys.ts';
import { hostKeyTable } from './server.ts';

export type ServedKeys = { readonly served: readonly KeyPair[]; readonly next: readonly KeyPair[] };

/**
 * The keys of a secret, ready to be served, and those to come, of which clients are told. Throws when one cannot be read, is not what its public line says (devices pin
 * that line), or two are of one type: better found here than by the next device.
 */
export const servedKeys = ({ keys, next }: Pick<HostKeySet, 'keys' | 'next'>): ServedKeys => ({
  served: readPairs(keys),
  next: next === undefined ? [] : readPairs(next.keys),
});

const readPairs = (keys: readonly HostKeyPair[]): readonly KeyPair[] => {
  const pairs = keys.map((key) => {
    const pair = readPrivateKey(key.private);
    if (pair.publicLine() !== key.public) throw new TypeError('a host key differs from its public line');
    return pair;
  });
  hostKeyTable(pairs);
  return pairs;
};
