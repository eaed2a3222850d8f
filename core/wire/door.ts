import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { operatorIdPattern, tunnelIdPattern } from '../model/ids.ts';

/**
 * A relay's door speaks first: `challengeBytes` random bytes. The router answers with a PROXY protocol v2 header that
 * carries the operator's address, TLV `passTlv` (a `Pass` as JSON) and as the last one TLV `macTlv`. The door answers
 * one line, `ok` or a code, when the device has confirmed the channel; after `ok` the bytes are the user's.
 */
export const challengeBytes = 16;
export const passTlv = 0xe0;
export const macTlv = 0xe1;
export const macBytes = 32;
export const doorAnswerBytes = 32;

export const passSchema = z.strictObject({
  v: z.literal(1),
  tunnel: z.string().regex(tunnelIdPattern),
  epoch: z.int().min(1),
  operator: z.union([z.string().regex(operatorIdPattern), z.literal('')]),
  way: z.enum(['jump', 'http', 'connect', 'tls', 'tcp']),
});
export type Pass = z.output<typeof passSchema>;

/** HMAC-SHA-256 (RFC 2104) by that relay's own door key over challenge and header, the header without its MAC TLV's value. */
export const doorMac = (doorKey: Uint8Array, challenge: Uint8Array, header: Uint8Array): Buffer =>
  createHmac('sha256', doorKey).update(challenge).update(header).digest();

export const isDoorMac = (expected: Uint8Array, given: Uint8Array): boolean =>
  expected.length === given.length && timingSafeEqual(expected, given);

/** `stale`: another epoch; `gone`: not here; `offline`: the session is dying; the rest is what the device or relay says. */
export const doorAnswers = ['ok', 'stale', 'gone', 'refused', 'busy', 'unauthorized', 'malformed', 'timeout'] as const;
export type DoorAnswer = (typeof doorAnswers)[number];
export const isDoorAnswer = (line: string): line is DoorAnswer => doorAnswers.some((answer) => answer === line);
