import * as z from 'zod';
import { type GetTunnelPorts, getTunnel } from '../core/use-cases/get-tunnel.ts';
import { maxWaitSeconds } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

const querySchema = z.strictObject({ wait: z.coerce.number().min(0).max(maxWaitSeconds).default(0) });

/** `GET /v1/tunnels/{tunnel}?wait=` */
export const respond = async (ports: EdgePorts & GetTunnelPorts, call: Call): Promise<Answer> => {
  const { wait: waitSeconds } = call.query(querySchema);
  return {
    status: 200,
    body: await getTunnel(ports, { tunnel: call.path('tunnel'), asker: call.caller, waitSeconds }),
  };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('tunnel-get'),
    adminGroup: wiring.adminGroup(),
    tunnels: wiring.tunnels(),
    once: wiring.once(),
    domain: wiring.domain(),
  })),
  respond,
);
