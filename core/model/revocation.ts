import type { Device } from './device.ts';

/** News that a certificate of a device is good no more, beside what the registry says now. */
export type RevocationFacts = {
  readonly certificate: string;
  /** The certificates that are attached to the thing and active now. */
  readonly active: readonly string[];
  readonly at: number;
};

/**
 * `freeze`: nobody vouches for the device any more. `forget_keys`: another certificate does, so it goes on with that one;
 * but what it said over the lost one, its keys above all, may have been a thief's. `stands`: the certificate is attached
 * and active by now, as when its attachment was only changed.
 */
export type RevocationVerdict = 'freeze' | 'forget_keys' | 'stands';

export const judgeRevocation = (device: Device, { certificate, active, at }: RevocationFacts): RevocationVerdict => {
  if (active.includes(certificate)) return 'stands';
  if (active.length > 0) return 'forget_keys';
  // Fleet provisioning deactivates the old certificate before the new one is attached; the news may come in between.
  const { enrolment } = device;
  const replaced = enrolment?.takenBy !== undefined && enrolment.takenBy !== certificate && at < enrolment.endsAt;
  return replaced ? 'forget_keys' : 'freeze';
};
