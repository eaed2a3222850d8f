import type { OperatorKey, SignIn } from '../../core/model/operator.ts';
import { keepMilliseconds } from '../../core/model/tunnel.ts';
import { indexes } from '../../core/names.ts';
import type { OperatorKeys } from '../../core/ports/operator-keys.ts';
import { absent, any, below, equals } from './conditions.ts';
import { outcomeOf } from './outcome.ts';
import { purgeAtOf } from './purge-at.ts';
import { queryAll } from './query.ts';
import { openTable, type TableOptions } from './table.ts';

/** Two kinds of row share the table: a key under its fingerprint, and a sign-in under its operator's id. */
type KeyRow = Omit<OperatorKey, 'fingerprint' | 'operator'> & { readonly id: string; readonly owner: string };
type SignInRow = SignIn & { readonly purgeAt: number };
type Row = KeyRow | SignInRow;

const keysOfRow = (row: Row | undefined): readonly OperatorKey[] => {
  if (row === undefined || !('owner' in row)) return [];
  const { id: fingerprint, owner: operator, publicKey, name, addedAt } = row;
  return [{ fingerprint, publicKey, operator, name, addedAt }];
};

export const createDynamoOperatorKeys = (options: TableOptions): OperatorKeys => {
  const table = openTable<Row>(options);

  return {
    async get(fingerprint) {
      return keysOfRow(await table.get({ id: fingerprint }))[0];
    },
    async add(key) {
      const { fingerprint: id, operator: owner, publicKey, name, addedAt } = key;
      const may = any(absent('id'), equals('owner', owner));
      const outcome = await table.put({ id, owner, publicKey, name, addedAt }, may);
      return outcomeOf(outcome, (row) => keysOfRow(row)[0] ?? key);
    },
    async list(operator) {
      const rows = await queryAll<Row>(table, { index: indexes.keysByOperator, partition: ['owner', operator] });
      return rows.flatMap(keysOfRow);
    },
    remove: (operator, fingerprint) => table.remove({ id: fingerprint }, equals('owner', operator)),
    async signIn(operator) {
      const row = await table.get({ id: operator });
      return row === undefined || 'owner' in row ? undefined : { id: row.id, groups: row.groups, at: row.at };
    },
    async noteSignIn({ id, groups, at }) {
      const row = { id, groups, at, purgeAt: purgeAtOf(at + keepMilliseconds) };
      await table.put(row, any(absent('id'), below('at', at)));
    },
  };
};
