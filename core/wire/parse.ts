import type { z } from 'zod';
import { SallyportError } from '../errors.ts';
import { harmless } from '../model/text.ts';

/** Parses at the door: what does not fit the schema is refused with a pointer to the first field that is wrong. */
export const parse = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])];
  throw new SallyportError('invalid_request', {
    pointer: path.map((part) => `/${harmless(String(part).replaceAll('~', '~0').replaceAll('/', '~1'), 64)}`).join(''),
    detail: harmless(issue?.message ?? 'does not fit', 200),
  });
};

export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SallyportError('invalid_request', { pointer: '', detail: 'the body is not JSON', cause });
  }
};
