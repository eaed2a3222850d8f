import { decodeCursor, encodeCursor, positions } from '../../core/model/cursor.ts';
import type { Device } from '../../core/model/device.ts';
import { bucketCount, indexes } from '../../core/names.ts';
import type { Devices } from '../../core/ports/devices.ts';
import { beginsWith } from './conditions.ts';
import { attributeBucketOf, attributeRowId, type DeviceRow, deviceOfRow } from './device-row.ts';
import type { Listing } from './query.ts';
import type { openTable } from './table.ts';

type Table = ReturnType<typeof openTable<DeviceRow>>;
type Asked = Parameters<Devices['list']>[0];

/** One bucket of the list that is asked for, and the attribute that names the device there. */
const bucketListing = ({ prefix = '', attribute }: Asked, bucket: number, after: string | undefined): Listing => {
  if (attribute !== undefined) {
    const value = attributeBucketOf(attribute.name, attribute.value, bucket);
    const start = after && { attributeBucket: value, device: after, id: attributeRowId(after, attribute.name) };
    return { index: indexes.devicesByAttribute, partition: ['attributeBucket', value], start: start || undefined };
  }
  return {
    index: indexes.devicesByBucket,
    partition: ['bucket', bucket],
    ...(prefix === '' ? {} : { sort: beginsWith('id', prefix) }),
    start: after === undefined ? undefined : { bucket, id: after },
  };
};

/**
 * A page in order of id, merged of every bucket's first rows after the cursor. Each bucket is asked for a whole page,
 * for all of it may lie in one.
 */
export const listDevices = async (table: Table, asked: Asked): ReturnType<Devices['list']> => {
  const { limit, cursor, prefix = '', attribute } = asked;
  const after = decodeCursor(positions.device(prefix), cursor)?.[0];
  const buckets = await Promise.all(
    Array.from({ length: bucketCount }, (_, bucket) =>
      table.query<{ readonly id: string; readonly device?: string }>({ ...bucketListing(asked, bucket, after), limit }),
    ),
  );
  const ids = buckets.flatMap(({ items }) => items.map(({ id, device }) => device ?? id)).sort(byCode);
  const shown = ids.slice(0, limit);
  const isMore = ids.length > shown.length || buckets.some(({ last }) => last !== undefined);
  const rows = (await table.batchGet(shown.map((id) => ({ id })))).map(deviceOfRow);
  const holds = (device: Device) => attribute === undefined || device.attributes[attribute.name] === attribute.value;
  const last = shown.at(-1);
  return { rows: rows.filter(holds), ...(isMore && last !== undefined ? { cursor: encodeCursor([last]) } : {}) };
};

/** As the table sorts: by bytes, which for a thing name's characters is by code. */
const byCode = (one: string, other: string): number => (one < other ? -1 : 1);
