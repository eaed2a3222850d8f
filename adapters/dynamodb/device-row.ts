import type { Device } from '../../core/model/device.ts';
import { bucketOf } from '../../core/model/ids.ts';
import { bucketCount } from '../../core/names.ts';

/**
 * A device as the table holds it. `revision` counts its writes: each computes from the row, and is lost when the row
 * has moved on. It is no index key, so a hello touches none after the first.
 */
export type DeviceRow = Device & { readonly bucket: number; readonly revision: number };

/** One row for each attribute of a device, by which it is found. `#` stands in no thing name, so the keys never meet. */
export type AttributeRow = {
  readonly id: string;
  readonly device: string;
  readonly attributeBucket: string;
  /** Of the device's row that it was written for. */
  readonly revision: number;
};

export const deviceBucketOf = (device: string): number => bucketOf(device, bucketCount);

export const deviceOfRow = ({ bucket: _bucket, revision: _revision, ...device }: DeviceRow): Device => device;

export const attributeRowId = (device: string, name: string): string => `${device}#${name}`;
/** A name holds no `=`, and the bucket stands behind the last `#`, so no two of these mean different things. */
export const attributeBucketOf = (name: string, value: string, bucket: number): string => `${name}=${value}#${bucket}`;

export const attributeRowsOf = (device: Device, revision: number): readonly AttributeRow[] =>
  Object.entries(device.attributes).map(([name, value]) => ({
    id: attributeRowId(device.id, name),
    device: device.id,
    attributeBucket: attributeBucketOf(name, value, deviceBucketOf(device.id)),
    revision,
  }));
