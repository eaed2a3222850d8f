import createTableRules from 'dynalite/validations/createTable.js';
import deleteTableRules from 'dynalite/validations/deleteTable.js';
import describeTableRules from 'dynalite/validations/describeTable.js';
import describeTimeToLiveRules from 'dynalite/validations/describeTimeToLive.js';
import listTablesRules from 'dynalite/validations/listTables.js';
import { check, type Request, type Rules } from './checks.ts';
import type { Database } from './database.ts';
import { Refusal } from './refusal.ts';
import type { Table } from './table.ts';
import type { IndexDefinition, KeySchema, StreamView, TableDefinition } from './table-definition.ts';
import { describeTable } from './table-description.ts';

type TableOperation = (database: Database, body: Request) => Request | Promise<Request>;

const streamRules: Rules = {
  ...createTableRules,
  types: {
    ...createTableRules.types,
    StreamSpecification: {
      type: 'FieldStruct<StreamSpecification>',
      children: {
        StreamEnabled: { type: 'Boolean', notNull: true },
        StreamViewType: { type: 'String', enum: ['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY'] },
      },
    },
  },
};

const updateTimeToLiveRules: Rules = {
  types: {
    TableName: describeTimeToLiveRules.types.TableName,
    TimeToLiveSpecification: {
      type: 'FieldStruct<TimeToLiveSpecification>',
      notNull: true,
      children: {
        AttributeName: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 255 },
        Enabled: { type: 'Boolean', notNull: true },
      },
    },
  },
};

const tableIn = (database: Database, { TableName }: Request): Table => {
  const table = database.tables.get(String(TableName));
  if (table !== undefined) return table;
  throw new Refusal('ResourceNotFoundException', `Requested resource not found: Table: ${TableName} not found`);
};

const definitionOf = (request: Request): TableDefinition => {
  const stream = request.StreamSpecification as
    | { readonly StreamEnabled: boolean; readonly StreamViewType?: StreamView }
    | undefined;
  return {
    tableName: request.TableName as string,
    keySchema: request.KeySchema as KeySchema,
    attributeDefinitions: request.AttributeDefinitions as TableDefinition['attributeDefinitions'],
    globalSecondaryIndexes: request.GlobalSecondaryIndexes as readonly IndexDefinition[] | undefined,
    localSecondaryIndexes: request.LocalSecondaryIndexes as readonly IndexDefinition[] | undefined,
    stream: stream?.StreamEnabled ? stream.StreamViewType : undefined,
  };
};

const createTable: TableOperation = async (database, body) => {
  const definition = definitionOf(check(body, streamRules));
  if (database.tables.has(definition.tableName)) {
    throw new Refusal('ResourceInUseException', `Table already exists: ${definition.tableName}`);
  }
  await database.ensureTable(definition);
  return { TableDescription: describeTable(database.place, tableIn(database, body)) };
};

const deleteTable: TableOperation = async (database, body) => {
  const table = tableIn(database, check(body, deleteTableRules));
  await database.dropTable(table);
  return { TableDescription: { ...describeTable(database.place, table), TableStatus: 'DELETING' } };
};

const listTables: TableOperation = (database, body) => {
  const { ExclusiveStartTableName: start, Limit } = check(body, listTablesRules);
  const names = [...database.tables.keys()].sort().filter((name) => start === undefined || name > String(start));
  const limit = typeof Limit === 'number' ? Limit : 100;
  const page = names.slice(0, limit);
  return { TableNames: page, ...(names.length > limit && { LastEvaluatedTableName: page.at(-1) }) };
};

const describeTimeToLive: TableOperation = (database, body) => {
  const { ttlAttribute } = tableIn(database, check(body, describeTimeToLiveRules)).record.definition;
  return {
    TimeToLiveDescription:
      ttlAttribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: ttlAttribute },
  };
};

const updateTimeToLive: TableOperation = async (database, body) => {
  const request = check(body, updateTimeToLiveRules);
  const table = tableIn(database, request);
  const wanted = request.TimeToLiveSpecification as { readonly AttributeName: string; readonly Enabled: boolean };
  const current = table.record.definition.ttlAttribute;
  if (wanted.Enabled === (current !== undefined)) {
    throw new Refusal('ValidationException', `TimeToLive is already ${wanted.Enabled ? 'enabled' : 'disabled'}`);
  }
  if (current !== undefined && current !== wanted.AttributeName) {
    throw new Refusal(
      'ValidationException',
      `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`,
    );
  }
  await database.setTtl(table, wanted.Enabled ? wanted.AttributeName : undefined);
  return { TimeToLiveSpecification: wanted };
};

/** Operations on tables as a whole. */
export const tableOperations: ReadonlyMap<string, TableOperation> = new Map([
  ['CreateTable', createTable],
  ['DeleteTable', deleteTable],
  [
    'DescribeTable',
    (database, body) => ({
      Table: describeTable(database.place, tableIn(database, check(body, describeTableRules))),
    }),
  ],
  ['ListTables', listTables],
  ['DescribeTimeToLive', describeTimeToLive],
  ['UpdateTimeToLive', updateTimeToLive],
]);
