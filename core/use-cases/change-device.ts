import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import type { Enrolment } from '../model/enrolment.ts';
import { deviceIdPattern } from '../model/ids.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Devices } from '../ports/devices.ts';
import type { SshKeys } from '../ports/ssh-keys.ts';
import type { DeviceChange } from '../wire/api.ts';
import { type DeviceView, deviceView } from '../wire/device-view.ts';
import { deviceKeyOf } from './device-key.ts';
import { recordChange } from './record-change.ts';
import { recordNarrowing } from './record-narrowing.ts';

export type ChangeDevicePorts = {
  readonly devices: Pick<Devices, 'change'>;
  readonly changes: Pick<Changes, 'append'>;
  readonly sshKeys: Pick<SshKeys, 'parse'>;
  readonly hub: EventHub;
  readonly clock: Clock;
};

/**
 * An administrator's change of a device; one that was never heard of gets its row. Freezing alone goes through even when it
 * cannot be recorded at once. Relays and routers learn of it within seconds.
 */
export const changeDevice = async (
  ports: ChangeDevicePorts,
  request: {
    readonly device: string;
    readonly administrator: string;
    readonly change: DeviceChange;
    readonly way: string;
    readonly source?: string | undefined;
  },
): Promise<DeviceView> => {
  const { hub, clock } = ports;
  const { device, way, source } = request;
  const { attributes, services, acceptHostKeys, frozen, enrolment } = request.change;
  if (!deviceIdPattern.test(device))
    throw new SallyportError('invalid_request', { pointer: '/device', detail: 'not a device id' });
  const stockKeys = request.change.keys?.map((line, index) =>
    deviceKeyOf(ports.sshKeys, line, { pointer: `/keys/${index}`, at: clock.now() }),
  );
  const facts = {
    ...(attributes === undefined ? {} : { attributes: JSON.stringify(attributes) }),
    ...(stockKeys === undefined ? {} : { keys: stockKeys.map((key) => key.fingerprint).join(' ') }),
    ...(services === undefined ? {} : { services: services.map(({ name, port }) => `${name}:${port}`).join(' ') }),
    ...(acceptHostKeys === undefined ? {} : { acceptHostKeys: 'true' }),
    ...(frozen === undefined ? {} : { frozen: String(frozen) }),
    ...(enrolment === undefined ? {} : { enrolment: factOf(enrolment) }),
  };
  const entry = { action: 'device.change', operator: request.administrator, device, way, source, facts };
  const onlyFreezes = frozen === true && Object.keys(facts).length === 1;
  await (onlyFreezes ? recordNarrowing(hub, entry) : recordChange(hub, entry));
  const row = await ports.devices.change(device, {
    ...(attributes === undefined ? {} : { attributes }),
    ...(stockKeys === undefined ? {} : { stockKeys }),
    ...(services === undefined ? {} : { services }),
    ...(acceptHostKeys === undefined ? {} : { acceptHostKeys }),
    ...(frozen === undefined ? {} : { frozen }),
    ...(enrolment === undefined ? {} : { enrolment: enrolment && leaveFrom(enrolment, clock.now()) }),
  });
  const now = clock.now();
  await Promise.all([
    frozen === true && ports.changes.append({ kind: 'device_frozen', device }, now),
    stockKeys !== undefined && ports.changes.append({ kind: 'device_keys', device }, now),
    (attributes !== undefined || services !== undefined) &&
      ports.changes.append({ kind: 'device_changed', device }, now),
  ]);
  return deviceView(row);
};

type Leave = NonNullable<DeviceChange['enrolment']>;

const leaveFrom = ({ hours, claim, replace }: Leave, now: number): Enrolment => ({
  endsAt: now + hours * 3_600_000,
  replace,
  ...(claim === undefined ? {} : { claim }),
});

const factOf = (leave: Leave | null): string =>
  leave === null
    ? 'none'
    : [`${leave.hours} h`, ...(leave.replace ? ['replace'] : []), ...(leave.claim ? [leave.claim] : [])].join(' ');
