import { setImmediate } from 'node:timers/promises';
import type { Database } from './database.ts';
import type { Table } from './table.ts';

/** Rows deleted in one turn of the event loop, a few milliseconds' work, so that requests do not wait for a sweep. */
const batchSize = 100;

/**
 * Deletes the rows whose time is at or before `now` (epoch seconds), with stream records that say the service did it.
 * Which rows are due is read anew for each batch, in the same turn that deletes them: a row that was renewed meanwhile
 * is not due any more and lives.
 * @returns how many rows were deleted
 */
export const sweepExpired = async (database: Database, now: number): Promise<number> => {
  let deleted = 0;
  for (const name of [...database.tables.keys()]) {
    for (;;) {
      const table = database.tables.get(name);
      const count = table === undefined ? 0 : await sweepBatch(database, table, now);
      deleted += count;
      if (count < batchSize) break;
      await setImmediate();
    }
  }
  return deleted;
};

const sweepBatch = async (database: Database, table: Table, now: number): Promise<number> => {
  const keys = table.expiries.due(now, batchSize);
  await database.commit(
    keys.map((key) => ({ table, key, item: undefined })),
    { expired: true },
  );
  return keys.length;
};
