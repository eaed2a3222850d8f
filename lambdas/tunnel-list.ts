import { z } from 'zod';
import { listTunnels } from '../core/use-cases/list-tunnels.ts';
import { pageSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import { wire } from './wiring.ts';

const querySchema = pageSchema
  .extend({ device: z.string().max(128).optional(), operator: z.string().max(64).optional() })
  .strict();

/** `GET /v1/tunnels?device=&operator=&limit=&cursor=` */
export const respond = async (ports: EdgePorts & Parameters<typeof listTunnels>[0], call: Call): Promise<Answer> => ({
  status: 200,
  body: await listTunnels(ports, { asker: call.caller, ...call.query(querySchema) }),
});

export const handler = httpHandler(
  wire((parts) => ({
    ...parts.edgeWithoutAudit('tunnel-list'),
    adminGroup: parts.adminGroup(),
    tunnels: parts.tunnels(),
    domain: parts.domain(),
  })),
  respond,
);
