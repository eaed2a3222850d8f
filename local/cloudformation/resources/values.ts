import { z } from 'zod';

/** CloudFormation takes numbers and booleans as text too. */
export const number = z.coerce.number();
export const boolean = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** A property that changes nothing here. Every use says why in a comment or by its name. */
export const ignored = z.unknown().optional();

export const tags = ignored;
