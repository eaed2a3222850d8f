import type { Device } from '../../core/model/device.ts';
import { absent, any, atMost } from './conditions.ts';
import { type AttributeRow, attributeRowId, attributeRowsOf } from './device-row.ts';
import { openTable, type TableOptions } from './table.ts';

/**
 * The rows by which devices are found. They are put before the device's own row and taken away after it: whatever
 * fails between leaves a row too many, which every reader checks against the device, and never one too few. A writer
 * that is behind does not touch the rows of a later revision.
 */
export const openDeviceAttributes = (options: TableOptions) => {
  const table = openTable<AttributeRow>(options);
  const isNotLater = (revision: number) => any(absent('id'), atMost('revision', revision));

  return {
    async put(device: Device, revision: number): Promise<void> {
      await Promise.all(attributeRowsOf(device, revision).map((row) => table.put(row, isNotLater(revision))));
    },
    async removeLeft(before: Device, after: Device, revision: number): Promise<void> {
      const left = Object.keys(before.attributes).filter((name) => !Object.hasOwn(after.attributes, name));
      await Promise.all(left.map((name) => table.remove({ id: attributeRowId(after.id, name) }, isNotLater(revision))));
    },
  };
};
