import { type RevocationPorts, revokeDevice } from '../core/use-cases/revoke-device.ts';
import type { Call } from './edge/call.ts';
import { requireAdministrator, wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `POST /v1/devices/{device}/revocation`, administrators only. */
export const respond = async (ports: EdgePorts & RevocationPorts, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  requireAdministrator(caller);
  const request = { device: call.path('device'), administrator: caller.id, way: wayOf(caller), source };
  return { status: 200, body: await revokeDevice(ports, request) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('device-revoke', wiring.auditLog()),
    adminGroup: wiring.adminGroup(),
    devices: wiring.devices(),
    changes: wiring.changes(),
    things: wiring.things(),
    connections: wiring.connections(),
  })),
  respond,
);
