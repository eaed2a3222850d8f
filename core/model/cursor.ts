import * as z from 'zod';
import { SallyportError } from '../errors.ts';
import { deviceIdPattern, tunnelIdPattern } from './ids.ts';

/**
 * A cursor says where in its own list a page ended. It holds no part of the key that says whose list it is, so that a
 * forged one can only start the asker's own list elsewhere.
 */
export const encodeCursor = (position: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(position)).toString('base64url');

/** @throws invalid_request for whatever `encodeCursor` does not give for a list of this shape */
export const decodeCursor = <Shape extends z.ZodTuple>(
  shape: Shape,
  cursor: string | undefined,
): z.output<Shape> | undefined => {
  if (cursor === undefined) return undefined;
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new SallyportError('invalid_request', { pointer: '/cursor', detail: 'not a cursor of this list', cause });
  }
};

const number = z.int().min(0);
const text = z.string().min(1).max(256);
const tunnelId = z.string().regex(tunnelIdPattern);

/** What a cursor of each list holds: the parts of the last row's key that the list does not fix. */
export const positions = {
  tunnelByTime: z.tuple([number, tunnelId]),
  tunnel: z.tuple([tunnelId]),
  /** A table refuses to begin a list of ids with a prefix anywhere else. */
  device: (prefix: string) => z.tuple([z.string().regex(deviceIdPattern).startsWith(prefix)]),
  grant: z.tuple([text]),
  auditByTime: z.tuple([number, text, number]),
  mark: z.tuple([text, number]),
  link: z.tuple([number]),
} as const;
