import type { z } from 'zod';
import { SallyportError } from '../../core/errors.ts';
import type { SecretSource } from '../../core/ports/secret-source.ts';
import { certificateSchema, hostKeysSchema } from './schemas.ts';
import { type Place, parseText, readText } from './secret-value.ts';

const sourceOf = <Schema extends z.ZodType>(place: Place, schema: Schema): SecretSource<z.output<Schema>> => ({
  async read() {
    const found = await readText(place);
    if (found === undefined) throw new SallyportError('internal', { detail: 'a secret was never filled' });
    return { version: found.version, open: () => parseText(found.text, schema) };
  },
});

/** What a relay or router serves, as far as it may read it. */
export const hostKeySource = (place: Place) => sourceOf(place, hostKeysSchema);
export const certificateSource = (place: Place) => sourceOf(place, certificateSchema);
