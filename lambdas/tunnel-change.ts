import { type ChangePorts, changeOwnTunnel } from '../core/use-cases/change-own-tunnel.ts';
import { tunnelChangeSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `PATCH /v1/tunnels/{tunnel}` */
export const respond = async (ports: EdgePorts & ChangePorts, call: Call): Promise<Answer> => {
  const { caller: operator, source } = call;
  const change = call.body(tunnelChangeSchema);
  const request = { tunnel: call.path('tunnel'), operator, change, way: wayOf(operator), source };
  return { status: 200, body: await changeOwnTunnel(ports, request) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('tunnel-change', wiring.auditLog()),
    adminGroup: wiring.adminGroup(),
    tunnels: wiring.tunnels(),
    claims: wiring.claims(),
    grants: wiring.grants(),
    devices: wiring.devices(),
    changes: wiring.changes(),
    domain: wiring.domain(),
  })),
  respond,
);
