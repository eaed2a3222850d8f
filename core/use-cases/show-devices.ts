import { SallyportError } from '../errors.ts';
import { isLive, maySee } from '../model/grant.ts';
import { deviceIdPattern } from '../model/ids.ts';
import { type Operator, principalsOf } from '../model/operator.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeviceMessages } from '../ports/device-messages.ts';
import type { Devices } from '../ports/devices.ts';
import type { Grants } from '../ports/grants.ts';
import { type DeviceView, deviceView } from '../wire/device-view.ts';
import type { Asker } from './get-tunnel.ts';

type ReadPorts = { readonly grants: Pick<Grants, 'of'>; readonly clock: Clock };

export type DevicePage = { readonly devices: readonly DeviceView[]; readonly cursor?: string };

/**
 * Devices in order of id: all of them for administrators, for others those that their grants reach. A page holds what of
 * `limit` devices may be seen, so it may be short or empty and still have a cursor.
 */
export const listDevices = async (
  ports: ReadPorts & { readonly devices: Pick<Devices, 'list'> },
  request: Parameters<Devices['list']>[0] & { readonly asker: Operator & Asker },
): Promise<DevicePage> => {
  const { asker, ...listing } = request;
  if (listing.prefix !== undefined && listing.attribute !== undefined)
    throw new SallyportError('invalid_request', { pointer: '/prefix', detail: 'search by prefix or by attribute' });
  const now = ports.clock.now();
  const grants = asker.administrator ? [] : await ports.grants.of(principalsOf(asker));
  if (!asker.administrator && !grants.some((grant) => isLive(grant, now))) return { devices: [] };
  const page = await ports.devices.list(listing);
  const seen = page.rows.filter((device) => asker.administrator || maySee(grants, device, now));
  return {
    devices: seen.map((device) => deviceView(device)),
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
  };
};

/** One device, and on demand whether it is connected now. Throws `not_found` for one that no grant of the asker reaches. */
export const getDevice = async (
  ports: ReadPorts & {
    readonly devices: Pick<Devices, 'get'>;
    readonly messages: Pick<DeviceMessages, 'presence'>;
  },
  request: { readonly device: string; readonly asker: Operator & Asker; readonly presence: boolean },
): Promise<DeviceView> => {
  const { asker } = request;
  if (!deviceIdPattern.test(request.device))
    throw new SallyportError('invalid_request', { pointer: '/device', detail: 'not a device id' });
  const [device, grants] = await Promise.all([
    ports.devices.get(request.device),
    asker.administrator ? [] : ports.grants.of(principalsOf(asker)),
  ]);
  if (device === undefined || !(asker.administrator || maySee(grants, device, ports.clock.now())))
    throw new SallyportError('not_found');
  if (!request.presence || device.clientId === undefined) return deviceView(device);
  return deviceView(device, await ports.messages.presence(device.clientId));
};
