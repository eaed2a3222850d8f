import { randomBytes } from 'node:crypto';
import { toBase32 } from '../../core/model/base32.ts';
import { type Change, changeKeepMilliseconds } from '../../core/model/change.ts';
import { changeShards } from '../../core/names.ts';
import type { Changes } from '../../core/ports/changes.ts';
import { above, absent } from './conditions.ts';
import { purgeAtOf } from './purge-at.ts';
import { queryAll } from './query.ts';
import { openTable, type TableOptions } from './table.ts';

type ChangeRow = Change & { readonly shard: number; readonly purgeAt: number };

const changeOfRow = ({ shard: _shard, purgeAt: _purgeAt, ...change }: ChangeRow): Change => change as Change;
/** Thirteen digits last until the year 2286, and sort as the times do. */
const prefixOf = (at: number): string => String(at).padStart(13, '0');

export const createDynamoChanges = (options: TableOptions): Changes => {
  const table = openTable<ChangeRow>(options);

  return {
    async append(what, at) {
      const bytes = randomBytes(11);
      const shard = bytes.readUInt8(10) % changeShards;
      const id = `${prefixOf(at)}-${toBase32(bytes.subarray(0, 10))}`;
      await table.put({ ...what, shard, id, at, purgeAt: purgeAtOf(at + changeKeepMilliseconds) }, absent('id'));
    },
    async since(at) {
      const shards = Array.from({ length: changeShards }, (_, shard) => shard);
      // `~` sorts after every character of an id, so rows of this very moment are left out.
      const later = above('id', `${prefixOf(at)}-~`);
      const found = await Promise.all(
        shards.map((shard) => queryAll<ChangeRow>(table, { partition: ['shard', shard], sort: later })),
      );
      return found
        .flat()
        .map(changeOfRow)
        .sort((one, other) => (one.id < other.id ? -1 : 1));
    },
  };
};
