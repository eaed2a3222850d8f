import type { Once, OnceNote } from '../../core/ports/once.ts';
import { above, absent, all, any, atMost, equals } from './conditions.ts';
import { outcomeOf } from './outcome.ts';
import { purgeAtOf } from './purge-at.ts';
import { openTable, type TableOptions } from './table.ts';

type OnceRow = Omit<OnceNote, 'key'> & { readonly id: string; readonly purgeAt: number };

const noteOfRow = ({ id: key, value, endsAt }: OnceRow): OnceNote => ({ key, value, endsAt });
const rowOfNote = ({ key: id, value, endsAt }: OnceNote): OnceRow => ({
  id,
  value,
  endsAt,
  purgeAt: purgeAtOf(endsAt),
});

export const createDynamoOnce = (options: TableOptions): Once => {
  const table = openTable<OnceRow>(options);

  return {
    async claim(note, now) {
      return outcomeOf(await table.put(rowOfNote(note), any(absent('id'), atMost('endsAt', now))), noteOfRow);
    },
    async replace(note, expected) {
      return (await table.put(rowOfNote(note), equals('value', expected))).ok;
    },
    async get(key, now) {
      const row = await table.get({ id: key });
      return row !== undefined && now < row.endsAt ? noteOfRow(row) : undefined;
    },
    spend: (key, value, now) => table.remove({ id: key }, all(equals('value', value), above('endsAt', now))),
  };
};
