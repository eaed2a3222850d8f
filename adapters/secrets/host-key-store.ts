import type { HostKeyStore, PinStore } from '../../core/ports/host-key-store.ts';
import { hostKeysSchema, pinsSchema } from './schemas.ts';
import { type Place, parseText, readText, writeValue } from './secret-value.ts';

export const createHostKeyStore = (place: Place): HostKeyStore => ({
  // What is ours and not readable throws: to write over it would lose keys that devices have pinned.
  async read() {
    const found = await readText(place);
    if (found === undefined) return undefined;
    const { v: _v, ...set } = parseText(found.text, hostKeysSchema);
    return set;
  },
  write: (set) => writeValue(place, set),
});

export const createPinStore = (place: Place): PinStore => ({
  async read() {
    const found = await readText(place);
    if (found === undefined) return undefined;
    const { version, pins } = parseText(found.text, pinsSchema);
    return { version, lines: pins };
  },
  write: ({ version, lines }) => writeValue(place, { version, pins: lines }),
});
