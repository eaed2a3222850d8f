import type { Device } from './device.ts';

/** An administrator's leave for one certificate to become this device's. Without it, fleet provisioning is refused. */
export type Enrolment = {
  /** It counts until then, in milliseconds. */
  readonly endsAt: number;
  /** The claim certificate by which the device must come; any that holds the claim policy unless given. */
  readonly claim?: string;
  /** A certificate that is active for the device now may be replaced, and is deactivated then. */
  readonly replace: boolean;
  /** The certificate that took the leave. The same one may ask again, for an answer may get lost; no other may. */
  readonly takenBy?: string;
};

export const enrolmentHours = { min: 1, max: 8_760, default: 72 } as const;

/** Who asks to become which device. The ids of certificates are the broker's: 64 hexadecimal digits. */
export type EnrolmentFacts = {
  readonly certificate: string;
  /** The certificate that the connection was made with. */
  readonly claim: string;
  /** The certificates that are attached to the thing and active now. */
  readonly active: readonly string[];
  readonly at: number;
};

export type EnrolmentRefusal =
  | 'not_listed'
  | 'device_frozen'
  | 'leave_ended'
  | 'leave_taken'
  | 'other_claim'
  | 'still_active';

export type EnrolmentDecision =
  /** `retire` names the certificates that must not stay active beside the new one. */
  | { readonly ok: true; readonly enrolment: Enrolment; readonly retire: readonly string[] }
  | { readonly ok: false; readonly lost: EnrolmentRefusal };

const no = (lost: EnrolmentRefusal): EnrolmentDecision => ({ ok: false, lost });

/** One thing has one certificate: no unless an administrator listed the device, and a yes is for one certificate. */
export const decideEnrolment = (device: Device | undefined, facts: EnrolmentFacts): EnrolmentDecision => {
  const { certificate, claim, at } = facts;
  const enrolment = device?.enrolment;
  if (device === undefined || enrolment === undefined) return no('not_listed');
  if (device.frozen) return no('device_frozen');
  if (at >= enrolment.endsAt) return no('leave_ended');
  if (enrolment.claim !== undefined && enrolment.claim !== claim) return no('other_claim');
  if (enrolment.takenBy !== undefined && enrolment.takenBy !== certificate) return no('leave_taken');
  const retire = facts.active.filter((id) => id !== certificate);
  if (retire.length > 0 && !enrolment.replace) return no('still_active');
  return { ok: true, enrolment: { ...enrolment, takenBy: certificate }, retire };
};
