import { SallyportError } from '../../core/errors.ts';
import type { PinSet, Pins } from '../../core/ports/pins.ts';
import { createPinStore } from './host-key-store.ts';
import type { Place } from './secret-value.ts';

const keepMilliseconds = 60_000;

/** Read at most once a minute; while it cannot be read, the last pins stand. */
export const createSecretPins = (options: Place & { readonly now: () => number }): Pins => {
  const store = createPinStore(options);
  let kept: { readonly pins: PinSet; readonly at: number } | undefined;
  return {
    async current() {
      if (kept !== undefined && options.now() - kept.at < keepMilliseconds) return kept.pins;
      try {
        const pins = await store.read();
        if (pins === undefined) throw new SallyportError('internal', { detail: 'no host key is pinned yet' });
        kept = { pins, at: options.now() };
        return pins;
      } catch (error) {
        if (kept !== undefined) return kept.pins;
        throw error;
      }
    },
  };
};
