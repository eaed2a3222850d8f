import * as z from 'zod';
import { closeReasons } from '../model/close-reason.ts';
import { tunnelIdPattern } from '../model/ids.ts';
import { serviceNamePattern } from '../model/service.ts';

const tunnel = z.string().regex(tunnelIdPattern);
const pins = z.array(z.string().max(1024)).min(1).max(8);
/**
 * Larger with every change of the pins. Messages may overtake each other, and a broker may deliver one late: a device
 * believes no pins that are older than those it has. Without it they count as the oldest.
 */
const pinsVersion = z.int().min(0).optional();
const relay = z.strictObject({ host: z.string().min(1).max(253), port: z.int().min(1).max(65_535) });

/** Cloud to device, on `topics.commands`. */
export const commandSchema = z.discriminatedUnion('type', [
  /** Dial the relays and ask for a forward with the tunnel id as bind address. Idempotent by tunnel. */
  z.strictObject({
    v: z.literal(1),
    type: z.literal('open'),
    tunnel,
    service: z.string().regex(serviceNamePattern),
    relay,
    pins,
    pinsVersion,
    /** Seconds of life left: a device's clock is not trusted to be right. */
    seconds: z.int().min(1).max(604_800),
    /** The relay ends a tunnel that nobody used for so long, and has no word for it in SSH; 0 or none: never. */
    idleSeconds: z.int().min(0).max(86_400).optional(),
  }),
  z.strictObject({ v: z.literal(1), type: z.literal('close'), tunnel, reason: z.enum(closeReasons) }),
  /** The answer to hello: the key that the cloud now knows, and where to dial. */
  z.strictObject({
    v: z.literal(1),
    type: z.literal('welcome'),
    fingerprint: z.string().max(64),
    relay,
    pins,
    pinsVersion,
  }),
]);
export type Command = z.output<typeof commandSchema>;
