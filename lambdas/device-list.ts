import * as z from 'zod';
import { listDevices } from '../core/use-cases/show-devices.ts';
import { pageSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

const querySchema = pageSchema
  .extend({
    prefix: z
      .string()
      .regex(/^[a-zA-Z0-9:_-]{1,128}$/)
      .optional(),
    /** `name=value` */
    attribute: z
      .string()
      .regex(/^[a-zA-Z0-9_.-]{1,64}=[a-zA-Z0-9_.,@/:#-]{1,256}$/)
      .optional(),
  })
  .strict();

/** `GET /v1/devices?prefix=&attribute=name=value&limit=&cursor=` */
export const respond = async (ports: EdgePorts & Parameters<typeof listDevices>[0], call: Call): Promise<Answer> => {
  const { attribute, prefix, ...page } = call.query(querySchema);
  const split = attribute?.indexOf('=') ?? -1;
  const wanted =
    attribute === undefined
      ? {}
      : { attribute: { name: attribute.slice(0, split), value: attribute.slice(split + 1) } };
  const request = { ...page, ...wanted, ...(prefix === undefined ? {} : { prefix }), asker: call.caller };
  return { status: 200, body: await listDevices(ports, request) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('device-list'),
    adminGroup: wiring.adminGroup(),
    devices: wiring.devices(),
    grants: wiring.grants(),
  })),
  respond,
);
