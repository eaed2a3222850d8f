import type { EventHub } from '../core/events.ts';
import { type Device, type DeviceKey, keysOf } from '../core/model/device.ts';
import { deviceIdPattern } from '../core/model/ids.ts';
import type { Devices } from '../core/ports/devices.ts';

export type Login = { readonly user: string; readonly fingerprint: string; readonly source: string };

/** The device's key of that fingerprint, when it may dial now. The SSH server then checks the signature with that key. */
export const findDeviceKey = (device: Device | undefined, fingerprint: string): DeviceKey | undefined =>
  device === undefined || device.frozen ? undefined : keysOf(device).find((key) => key.fingerprint === fingerprint);

/**
 * Who may dial: a known device with one of its own keys. The stranger learns nothing; the audit log learns why. An
 * offered key without signature (RFC 4252 7) is asked here too, and recorded only once it is refused for good.
 */
export const createDeviceLogin = (options: { readonly devices: Devices; readonly hub: EventHub }) => ({
  async keyFor(login: Login): Promise<DeviceKey | undefined> {
    if (!deviceIdPattern.test(login.user)) return undefined;
    return findDeviceKey(await options.devices.get(login.user), login.fingerprint);
  },

  /** Written before the session may do anything; a failed write ends the session. */
  async accepted(login: Login): Promise<void> {
    await options.hub.allowed({
      action: 'dial',
      device: login.user,
      way: 'relay',
      source: login.source,
      facts: { key: login.fingerprint },
    });
  },

  refused(login: Login & { readonly why: string }): void {
    options.hub.refused({
      action: 'dial',
      code: 'unauthenticated',
      ...(deviceIdPattern.test(login.user) ? { device: login.user } : {}),
      way: 'relay',
      source: login.source,
      facts: { user: login.user, key: login.fingerprint, why: login.why },
    });
  },
});
export type DeviceLogin = ReturnType<typeof createDeviceLogin>;
