import * as z from 'zod';
import { serialParameter } from '../core/names.ts';
import { type AdmitDevicePorts, admitDevice } from '../core/use-cases/admit-device.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

const certificateId = z.string().regex(/^[0-9a-f]{64}$/);
/** AWS IoT, "Pre-provisioning hooks", payload 2020-04-01. Parameters are the device's own words. */
const eventSchema = z.object({
  claimCertificateId: certificateId,
  certificateId,
  parameters: z.object({ [serialParameter]: z.string().max(128) }),
});

/** Whether AWS IoT may go on. Anything but a yes, an error too, is a no: the device hears ACCESS_DENIED. */
export const respond = async (
  ports: EdgePorts & AdmitDevicePorts,
  event: unknown,
): Promise<{ readonly allowProvisioning: boolean }> => {
  const { claimCertificateId: claim, certificateId: certificate, parameters } = parse(eventSchema, event);
  const device = parameters[serialParameter] ?? '';
  return { allowProvisioning: await admitDevice(ports, { device, certificate, claim }) };
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('provisioning-hook', wiring.auditLog()),
    devices: wiring.devices(),
    things: wiring.things(),
  })),
  respond,
);
