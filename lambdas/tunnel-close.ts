import { type ClosePorts, closeOwnTunnel } from '../core/use-cases/close-own-tunnel.ts';
import type { Call } from './edge/call.ts';
import { wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `DELETE /v1/tunnels/{tunnel}` */
export const respond = async (ports: EdgePorts & ClosePorts, call: Call): Promise<Answer> => {
  const { caller: asker, source } = call;
  const request = { tunnel: call.path('tunnel'), asker, way: wayOf(asker), source };
  return { status: 200, body: await closeOwnTunnel(ports, request) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('tunnel-close', wiring.auditLog()),
    adminGroup: wiring.adminGroup(),
    tunnels: wiring.tunnels(),
    claims: wiring.claims(),
    devices: wiring.devices(),
    changes: wiring.changes(),
    messages: wiring.messages(),
    domain: wiring.domain(),
  })),
  respond,
);
