import { type ChangeDevicePorts, changeDevice } from '../core/use-cases/change-device.ts';
import { deviceChangeSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { requireAdministrator, wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `PATCH /v1/devices/{device}`, administrators only. */
export const respond = async (ports: EdgePorts & ChangeDevicePorts, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  requireAdministrator(caller);
  const change = call.body(deviceChangeSchema);
  const request = { device: call.path('device'), administrator: caller.id, change, way: wayOf(caller), source };
  return { status: 200, body: await changeDevice(ports, request) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('device-change', wiring.auditLog()),
    adminGroup: wiring.adminGroup(),
    devices: wiring.devices(),
    changes: wiring.changes(),
    sshKeys: wiring.sshKeys(),
  })),
  respond,
);
