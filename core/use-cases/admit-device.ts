import type { EventHub } from '../events.ts';
import { decideEnrolment, type EnrolmentFacts, type EnrolmentRefusal } from '../model/enrolment.ts';
import { deviceIdPattern } from '../model/ids.ts';
import { harmless } from '../model/text.ts';
import type { Clock } from '../ports/clock.ts';
import type { Devices } from '../ports/devices.ts';
import type { ThingRegistry } from '../ports/thing-registry.ts';
import { recordChange } from './record-change.ts';

export type AdmitDevicePorts = {
  readonly devices: Pick<Devices, 'get' | 'takeEnrolment'>;
  readonly things: Pick<ThingRegistry, 'certificatesOf' | 'retire'>;
  readonly hub: EventHub;
  readonly clock: Clock;
};

const way = 'provisioning';

/**
 * Whether a new certificate may become this device's. A yes is recorded, takes the administrator's leave, and deactivates
 * the certificates that the new one replaces: one thing has one. Throws `unavailable`; then it is a no as well.
 */
export const admitDevice = async (
  ports: AdmitDevicePorts,
  request: { readonly device: string; readonly certificate: string; readonly claim: string },
): Promise<boolean> => {
  const { hub, devices, things, clock } = ports;
  const { device, certificate, claim } = request;
  const refuse = (code: EnrolmentRefusal): false => {
    hub.refused({ action: 'device.enrol', code, device: harmless(device, 128), way, facts: { certificate, claim } });
    return false;
  };
  if (!deviceIdPattern.test(device)) return refuse('not_listed');

  const attached = await things.certificatesOf(device);
  const active = attached.filter((one) => one.active).map(({ id }) => id);
  const facts: EnrolmentFacts = { certificate, claim, active, at: clock.now() };
  const decision = decideEnrolment(await devices.get(device), facts);
  if (!decision.ok) return refuse(decision.lost);
  const { retire } = decision;
  const replaces = retire.join(' ') || 'none';
  await recordChange(hub, { action: 'device.enrol', device, way, facts: { certificate, claim, replaces } });
  // Decided anew at the write: of two devices that call themselves the same, one gets it.
  const taken = await devices.takeEnrolment(device, facts);
  if (!taken.ok) return refuse(taken.lost);
  for (const id of retire) await things.retire(id, 'inactive');
  return true;
};
