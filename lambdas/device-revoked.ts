import * as z from 'zod';
import { certificateLost, type Revocation, type RevocationPorts } from '../core/use-cases/revoke-device.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

/** What CloudTrail tells of a call to AWS IoT; a call that failed has an `errorCode`. */
const eventSchema = z.object({
  detail: z.object({
    eventName: z.string(),
    errorCode: z.string().optional(),
    requestParameters: z
      .object({
        certificateId: z.string().optional(),
        newStatus: z.string().optional(),
        thingName: z.string().optional(),
        principal: z.string().optional(),
      })
      .nullish(),
  }),
});

const certificateOfArn = /:cert\/([0-9a-f]{64})$/;

/** Which certificate is good no more, and for which device where the call named one. */
export const lostCertificate = (
  event: unknown,
): { readonly certificate: string; readonly device?: string } | undefined => {
  const { eventName, errorCode, requestParameters } = parse(eventSchema, event).detail;
  const { certificateId, newStatus, thingName, principal = '' } = requestParameters ?? {};
  if (errorCode !== undefined) return undefined;
  if (eventName === 'UpdateCertificate' && certificateId !== undefined && newStatus !== 'ACTIVE')
    return { certificate: certificateId.toLowerCase() };
  const detached = eventName === 'DetachThingPrincipal' ? certificateOfArn.exec(principal)?.[1] : undefined;
  return detached === undefined || thingName === undefined ? undefined : { certificate: detached, device: thingName };
};

/** Somebody used AWS IoT itself. Late news are still news, and repeated ones do no harm. */
export const respond = async (ports: EdgePorts & RevocationPorts, event: unknown): Promise<readonly Revocation[]> => {
  const lost = lostCertificate(event);
  if (lost === undefined) return [];
  const { certificate } = lost;
  const devices = lost.device === undefined ? await ports.things.devicesOf(certificate) : [lost.device];
  const done: Revocation[] = [];
  for (const device of devices) {
    const revocation = await certificateLost(ports, { device, certificate, way: 'registry' });
    if (revocation !== undefined) done.push(revocation);
  }
  return done;
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('device-revoked', wiring.auditLog()),
    devices: wiring.devices(),
    changes: wiring.changes(),
    things: wiring.things(),
    connections: wiring.connections(),
  })),
  respond,
);
