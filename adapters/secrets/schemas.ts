import * as z from 'zod';

const keyPair = z.object({ type: z.string(), private: z.string(), public: z.string() });
const keyPairs = z.array(keyPair).min(1);

export const hostKeysSchema = z.object({
  v: z.literal(1),
  keys: keyPairs,
  since: z.number().default(0),
  next: z.object({ keys: keyPairs, announcedAt: z.number().optional() }).optional(),
  former: z.array(z.string()).optional(),
});

export const pinsSchema = z.object({
  v: z.literal(1),
  version: z.number().int().min(0).default(0),
  pins: z.array(z.string()).min(1),
});

/** PEM texts: the chain, leaf first, and the leaf's PKCS #8 key. */
export const certificateSchema = z.object({ v: z.literal(1), cert: z.string(), key: z.string() });
