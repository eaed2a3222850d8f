import { z } from 'zod';
import { getDevice } from '../core/use-cases/show-devices.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import { wire } from './wiring.ts';

const querySchema = z.strictObject({ presence: z.enum(['true', 'false']).default('false') });

/** `GET /v1/devices/{device}?presence=` */
export const respond = async (ports: EdgePorts & Parameters<typeof getDevice>[0], call: Call): Promise<Answer> => {
  const presence = call.query(querySchema).presence === 'true';
  return { status: 200, body: await getDevice(ports, { device: call.path('device'), asker: call.caller, presence }) };
};

export const handler = httpHandler(
  wire((parts) => ({
    ...parts.edgeWithoutAudit('device-get'),
    adminGroup: parts.adminGroup(),
    devices: parts.devices(),
    grants: parts.grants(),
    messages: parts.messages(),
  })),
  respond,
);
