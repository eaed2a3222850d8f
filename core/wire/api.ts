import * as z from 'zod';
import { maxAllowed } from '../model/allow-list.ts';
import { maxAttributes, maxServices, maxStockKeys } from '../model/device.ts';
import { deviceIdPattern, operatorIdPattern } from '../model/ids.ts';
import { serviceNamePattern } from '../model/service.ts';
import { serviceSchema } from './device-event.ts';

/** Time to live of a tunnel: 60 s to 7 days; 1 hour unless asked. A grant may allow less. */
export const ttl = { min: 60, max: 604_800, default: 3_600 } as const;
/** Idle limit: 0 is none, else 10 s to 1 day; 15 minutes unless asked. */
export const idle = { min: 10, max: 86_400, default: 900 } as const;
export const bodyBytes = 16_384;
export const pageLimit = { max: 100, default: 50 } as const;
/** Longest wait of `GET /v1/tunnels/{id}?wait=`, in seconds: under the HTTP API's 30 s. */
export const maxWaitSeconds = 20;

const seconds = z.int().min(ttl.min).max(ttl.max);
const allow = z.array(z.string().max(64)).max(maxAllowed);
const word = z.string().min(1).max(128);

/** `POST /v1/devices/{device}/tunnels`, and the body of a request by MQTT. Exactly one of `service` and `port`. */
export const tunnelRequestSchema = z
  .strictObject({
    service: z.string().regex(serviceNamePattern, 'not a service name').optional(),
    port: z.int().min(1).max(65_535).optional(),
    /** Left out, it is `ttl.default` or what the grants allow, whichever is less; asked for, it is given or refused. */
    ttlSeconds: seconds.optional(),
    idleSeconds: z.union([z.literal(0), z.int().min(idle.min).max(idle.max)]).default(idle.default),
    allow: allow.optional(),
    plainTcp: z.boolean().default(false),
    /** False for a stock client that is told by other means: nothing is sent to the device. */
    deliver: z.boolean().default(true),
  })
  .refine((request) => (request.service === undefined) !== (request.port === undefined), {
    path: ['service'],
    message: 'name the service or its port, one of the two',
  });
export type TunnelRequest = z.output<typeof tunnelRequestSchema>;

/** By MQTT the device stands in the message, for the topic carries the operator. */
export const mqttRequestSchema = z.strictObject({
  v: z.literal(1),
  type: z.literal('request'),
  /** Chosen by the sender; the answer carries it. Also the idempotency key. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  device: word,
  request: tunnelRequestSchema,
});

/** `PATCH /v1/tunnels/{tunnel}`. `ttlSeconds` counts from now. */
export const tunnelChangeSchema = z
  .strictObject({ allow: allow.optional(), ttlSeconds: seconds.optional() })
  .refine((change) => change.allow !== undefined || change.ttlSeconds !== undefined, { message: 'nothing to change' });
export type TunnelChange = z.output<typeof tunnelChangeSchema>;

const attributeName = z.string().regex(/^[a-zA-Z0-9_.-]{1,64}$/);
const attributes = z
  .record(attributeName, z.string().regex(/^[a-zA-Z0-9_.,@/:#-]{1,256}$/))
  .refine((map) => Object.keys(map).length <= maxAttributes, { message: `at most ${maxAttributes} attributes` });

/** `PATCH /v1/devices/{device}`, administrators only. */
export const deviceChangeSchema = z
  .strictObject({
    attributes: attributes.optional(),
    keys: z.array(z.string().max(1024)).max(maxStockKeys).optional(),
    /** For a device that cannot say hello; the next hello replaces them. */
    services: z.array(serviceSchema).max(maxServices).optional(),
    acceptHostKeys: z.literal(true).optional(),
    frozen: z.boolean().optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), { message: 'nothing to change' });
export type DeviceChange = z.output<typeof deviceChangeSchema>;

/** `POST /v1/me/keys`: a public key and an SSHSIG over the challenge, namespace `sallyport`. */
export const keyRegistrationSchema = z.strictObject({
  publicKey: z.string().max(2_048),
  name: z.string().max(64).default(''),
  challenge: z.string().max(128),
  signature: z.string().max(8_192),
});

const principal = z.union([
  z.string().regex(new RegExp(`^operator:${operatorIdPattern.source.slice(1)}`)),
  z.string().regex(/^group:[\p{L}\p{N} _.:@/-]{1,128}$/u),
]);

/** `POST /v1/grants`, administrators only. */
export const grantSchema = z.strictObject({
  principal,
  devices: z.string().regex(/^[a-zA-Z0-9:_*-]{1,128}$/),
  attributes: attributes.default({}),
  services: z
    .array(z.union([z.literal('*'), z.string().regex(serviceNamePattern)]))
    .min(1)
    .max(32),
  logins: z
    .array(z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/))
    .max(16)
    .default([]),
  maxSeconds: seconds.default(28_800),
  plainTcp: z.boolean().default(false),
  everyone: z.boolean().default(false),
  /** ISO 8601 in UTC; none is no end. */
  endsAt: z.iso.datetime().optional(),
});
export type GrantRequest = z.output<typeof grantSchema>;

/** `GET` lists: numbers come as text. */
export const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(pageLimit.max).default(pageLimit.default),
  cursor: z.string().max(2_048).optional(),
});

/** `POST /v1/watches`, administrators only: detailed log lines about one device or one operator, without payload. */
export const watchSchema = z
  .strictObject({
    device: z.string().regex(deviceIdPattern).optional(),
    operator: z.string().regex(operatorIdPattern).optional(),
    minutes: z.int().min(1).max(15).default(15),
  })
  .refine((watch) => (watch.device === undefined) !== (watch.operator === undefined), {
    message: 'name a device or an operator, one of the two',
  });
