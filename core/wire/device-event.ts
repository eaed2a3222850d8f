import * as z from 'zod';
import { maxServices } from '../model/device.ts';
import { serverIdPattern, tunnelIdPattern } from '../model/ids.ts';
import { schemes, serviceNamePattern } from '../model/service.ts';

const tunnel = z.string().regex(tunnelIdPattern);
const publicKey = z.string().max(1024);
export const serviceSchema = z.strictObject({
  name: z.string().regex(serviceNamePattern),
  scheme: z.enum(schemes),
  port: z.int().min(1).max(65_535),
});

/** Device to cloud, on `topics.events`, by basic ingest. At most `helloBytes`. */
export const deviceEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    v: z.literal(1),
    type: z.literal('hello'),
    /** The session key's public half; with `stock`, the key of a stock SSH client on the device. */
    key: publicKey,
    stock: z.boolean().default(false),
    services: z.array(serviceSchema).max(maxServices),
    agent: z.string().max(64),
    hostKeys: z.array(publicKey).max(8).default([]),
  }),
  z.strictObject({ v: z.literal(1), type: z.literal('opened'), tunnel, serverId: z.string().regex(serverIdPattern) }),
  z.strictObject({
    v: z.literal(1),
    type: z.literal('failed'),
    tunnel,
    code: z.string().max(64),
    detail: z.string().max(256),
  }),
  /** The device ends a tunnel by itself: its agent stops, or its own limit. */
  z.strictObject({ v: z.literal(1), type: z.literal('closed'), tunnel, detail: z.string().max(256).default('') }),
]);
export type DeviceEvent = z.output<typeof deviceEventSchema>;

/** What the IoT rule hands over: the payload untouched, and what the broker itself vouches for. */
export const ingestedEventSchema = z.object({
  payload: z.base64().max(16_384),
  device: z.string(),
  clientId: z.string(),
  at: z.number(),
});
/** The same of an operator's request by MQTT. */
export const ingestedRequestSchema = z.object({
  payload: z.base64().max(16_384),
  operator: z.string(),
  clientId: z.string(),
  at: z.number(),
});
