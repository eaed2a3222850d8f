import * as z from 'zod';
import { getDevice } from '../core/use-cases/show-devices.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

const querySchema = z.strictObject({ presence: z.enum(['true', 'false']).default('false') });

/** `GET /v1/devices/{device}?presence=` */
export const respond = async (ports: EdgePorts & Parameters<typeof getDevice>[0], call: Call): Promise<Answer> => {
  const presence = call.query(querySchema).presence === 'true';
  return { status: 200, body: await getDevice(ports, { device: call.path('device'), asker: call.caller, presence }) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('device-get'),
    adminGroup: wiring.adminGroup(),
    devices: wiring.devices(),
    grants: wiring.grants(),
    messages: wiring.messages(),
  })),
  respond,
);
