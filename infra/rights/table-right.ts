import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { openRelayAttributes, type TableNoun, tables, tableVariable } from '../../core/names.ts';
import type { Foundation } from '../foundation.ts';

/** All that any of our roles may do to rows. `Scan` is not among them. */
type RowAction = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query';

export type TableRight = {
  readonly table: TableNoun;
  readonly index?: string;
  readonly actions: readonly RowAction[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
};

/** These actions on a table's rows, by key. */
export const rows = (table: TableNoun, ...actions: readonly RowAction[]): TableRight => ({ table, actions });

/** To query one index. */
export const index = (table: TableNoun, name: string): TableRight => ({ table, index: name, actions: ['Query'] });

/** The same, only for partition keys of this pattern. */
export const keyed = (pattern: string, right: TableRight): TableRight => ({
  ...right,
  conditions: { ...right.conditions, 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [pattern] } },
});

/** The same, for any partition key but those of this pattern. */
export const notKeyed = (pattern: string, right: TableRight): TableRight => ({
  ...right,
  conditions: { ...right.conditions, 'ForAllValues:StringNotLike': { 'dynamodb:LeadingKeys': [pattern] } },
});

/**
 * To update rows of Relays without touching the door key, nor having it returned. Reading them by key is for routers
 * alone; everybody else has the index, which does not hold the door key.
 */
export const updateOpenRelay: TableRight = {
  table: 'relays',
  actions: ['UpdateItem'],
  conditions: {
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': openRelayAttributes },
    StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
  },
};

/** What a right is about: the table, or one index of it. */
export const tableArn = ({ table, index: name }: TableRight, { tables: tableOf }: Foundation): string =>
  name === undefined ? tableOf[table].tableArn : `${tableOf[table].tableArn}/index/${name}`;

/** One statement per right; its Sid says which, for whoever reads the policy or a report on it. */
export const tableStatement = (right: TableRight, foundation: Foundation): PolicyStatement => {
  const indexWord = right.index === undefined ? '' : `${right.index.charAt(0).toUpperCase()}${right.index.slice(1)}`;
  return new PolicyStatement({
    sid: `${tables[right.table]}${indexWord}${right.actions.join('')}`,
    actions: right.actions.map((action) => `dynamodb:${action}`),
    resources: [tableArn(right, foundation)],
    ...(right.conditions === undefined ? {} : { conditions: right.conditions }),
  });
};

/** The names of the tables that these rights are about, as the process reads them. */
export const tableSettings = (rights: readonly TableRight[], { tables: tableOf }: Foundation): Record<string, string> =>
  Object.fromEntries(rights.map(({ table }) => [tableVariable(table), tableOf[table].tableName]));
