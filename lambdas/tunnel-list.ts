import * as z from 'zod';
import { listTunnels } from '../core/use-cases/list-tunnels.ts';
import { pageSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

const querySchema = pageSchema
  .extend({ device: z.string().max(128).optional(), operator: z.string().max(64).optional() })
  .strict();

/** `GET /v1/tunnels?device=&operator=&limit=&cursor=` */
export const respond = async (ports: EdgePorts & Parameters<typeof listTunnels>[0], call: Call): Promise<Answer> => ({
  status: 200,
  body: await listTunnels(ports, { asker: call.caller, ...call.query(querySchema) }),
});

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('tunnel-list'),
    adminGroup: wiring.adminGroup(),
    tunnels: wiring.tunnels(),
    domain: wiring.domain(),
  })),
  respond,
);
