import type { Device } from '../model/device.ts';
import type { Presence } from '../ports/device-messages.ts';

/** A device as the API shows it. Keys are shown by fingerprint; host keys whole, for people pin them. */
export const deviceView = (device: Device, presence?: Presence) => ({
  id: device.id,
  label: device.label,
  services: device.services,
  attributes: device.attributes,
  frozen: device.frozen,
  ...(device.agentVersion === undefined ? {} : { agentVersion: device.agentVersion }),
  ...(device.helloAt === undefined ? {} : { helloAt: new Date(device.helloAt).toISOString() }),
  ...(device.enrolment === undefined
    ? {}
    : {
        enrolment: {
          endsAt: new Date(device.enrolment.endsAt).toISOString(),
          replace: device.enrolment.replace,
          ...(device.enrolment.claim === undefined ? {} : { claim: device.enrolment.claim }),
          ...(device.enrolment.takenBy === undefined ? {} : { takenBy: device.enrolment.takenBy }),
        },
      }),
  hostKeys: device.hostKeys,
  ...(device.pendingHostKeys === undefined ? {} : { pendingHostKeys: device.pendingHostKeys }),
  keys: {
    ...(device.sessionKey === undefined ? {} : { session: device.sessionKey.fingerprint }),
    ...(device.previousKey === undefined ? {} : { previous: device.previousKey.fingerprint }),
    stock: device.stockKeys.map((key) => key.fingerprint),
  },
  ...(presence === undefined
    ? {}
    : {
        presence: {
          connected: presence.connected,
          ...(presence.since === undefined ? {} : { since: new Date(presence.since).toISOString() }),
        },
      }),
});
export type DeviceView = ReturnType<typeof deviceView>;
