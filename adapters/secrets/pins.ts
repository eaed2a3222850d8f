import { SallyportError } from '../../core/errors.ts';
import type { Pins } from '../../core/ports/pins.ts';
import { createPinStore } from './host-key-store.ts';
import { kept } from './kept.ts';
import type { Place } from './secret-value.ts';

/** Read at most once a minute; while it cannot be read, the last pins stand. */
export const createSecretPins = (options: Place & { readonly now: () => number }): Pins => {
  const store = createPinStore(options);
  const read = async () => {
    const pins = await store.read();
    if (pins === undefined) throw new SallyportError('internal', { detail: 'no host key is pinned yet' });
    return pins;
  };
  return { current: kept(read, options.now) };
};
