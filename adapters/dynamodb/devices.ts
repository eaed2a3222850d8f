import { SallyportError } from '../../core/errors.ts';
import type { Device } from '../../core/model/device.ts';
import { changedDevice, helloed, isSameHello, mayHello, newDevice } from '../../core/model/device-hello.ts';
import { decideEnrolment } from '../../core/model/enrolment.ts';
import { deviceIdPattern } from '../../core/model/ids.ts';
import { indexes } from '../../core/names.ts';
import type { Devices } from '../../core/ports/devices.ts';
import type { Outcome } from '../../core/ports/outcome.ts';
import { absent, equals } from './conditions.ts';
import { openDeviceAttributes } from './device-attributes.ts';
import { listDevices } from './device-list.ts';
import { type DeviceRow, deviceBucketOf, deviceOfRow } from './device-row.ts';
import { openTable, type TableOptions } from './table.ts';

/** Each further try is because somebody else wrote the device's row between read and write. */
const tries = 8;

export const createDynamoDevices = (options: TableOptions): Devices => {
  const table = openTable<DeviceRow>(options);
  const attributes = openDeviceAttributes(options);

  /** Rows of attributes lie in the same table; their keys are no thing names. */
  const read = async (id: string): Promise<DeviceRow | undefined> =>
    deviceIdPattern.test(id) ? table.get({ id }) : undefined;

  /** Writes only what differs, so that no index key is touched in vain. */
  const write = (before: DeviceRow | undefined, after: Device): Promise<Outcome<DeviceRow>> => {
    if (before === undefined)
      return table.put({ ...after, bucket: deviceBucketOf(after.id), revision: 1 }, absent('id'));
    const names = new Set([...Object.keys(deviceOfRow(before)), ...Object.keys(after)]) as Set<keyof Device>;
    const set = Object.fromEntries(
      [...names].filter((name) => after[name] !== before[name]).map((name) => [name, after[name]]),
    );
    const revision = before.revision + 1;
    return table.update({ id: after.id }, { set: { ...set, revision } }, equals('revision', before.revision));
  };

  const get = async (id: string): Promise<Device | undefined> => {
    const row = await read(id);
    return row === undefined ? undefined : deviceOfRow(row);
  };

  return {
    get,
    async getByLabel(label) {
      const listing = { index: indexes.devicesByLabel, partition: ['label', label], limit: 2 } as const;
      const { items } = await table.query<{ readonly id: string }>(listing);
      const [found] = items;
      // Two ids may hash to one label: then it names neither.
      if (found === undefined || items.length > 1) return undefined;
      return get(found.id);
    },
    async hello(id, facts) {
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const before = await read(id);
        const known = before === undefined ? undefined : deviceOfRow(before);
        if (known !== undefined && isSameHello(known, facts)) return { ok: true, row: known };
        if (!mayHello(known, facts.at)) return { ok: false, lost: 'too_soon', row: known };
        const after = helloed(known ?? newDevice(id), facts);
        if ((await write(before, after)).ok) return { ok: true, row: after };
      }
      throw new SallyportError('busy');
    },
    async change(id, changes) {
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const row = await read(id);
        const before = row === undefined ? newDevice(id) : deviceOfRow(row);
        const after = changedDevice(before, changes);
        const revision = (row?.revision ?? 0) + 1;
        if (changes.attributes !== undefined) await attributes.put(after, revision);
        const outcome = await write(row, after);
        if (!outcome.ok) continue;
        if (changes.attributes !== undefined) await attributes.removeLeft(before, after, revision);
        return after;
      }
      throw new SallyportError('busy');
    },
    async takeEnrolment(id, facts) {
      for (let attempt = 0; attempt < tries; attempt += 1) {
        const row = await read(id);
        const before = row === undefined ? undefined : deviceOfRow(row);
        const decision = decideEnrolment(before, facts);
        if (!decision.ok) return { ok: false, lost: decision.lost, row: before };
        if (row === undefined || before === undefined) return { ok: false, lost: 'not_listed' };
        const after = changedDevice(before, { enrolment: decision.enrolment });
        if ((await write(row, after)).ok) return { ok: true, row: after };
      }
      throw new SallyportError('busy');
    },
    list: (asked) => listDevices(table, asked),
  };
};
