import type { HostKeySet } from '../../core/ports/host-key-store.ts';
import { createHostKeyStore } from './host-key-store.ts';
import { kept } from './kept.ts';
import type { Place } from './secret-value.ts';

/** Read at most once a minute; while it cannot be read, the last keys stand. */
export const createSecretSigningKeys = (
  options: Place & { readonly now: () => number },
): (() => Promise<HostKeySet | undefined>) => {
  const store = createHostKeyStore(options);
  return kept(() => store.read(), options.now);
};
