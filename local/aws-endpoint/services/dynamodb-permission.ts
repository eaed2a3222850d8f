import { AwsError } from '../aws-error.ts';
import { isRecord } from '../aws-request.ts';
import { equalityPlaceholder, expressionNames } from './expression-names.ts';

/** What the endpoint must know of a table to ask for the right permissions. */
export interface TableFacts {
  readonly arn: string;
  readonly partitionKey: string;
  /** Partition key of each index, by its name. */
  readonly indexes: Readonly<Record<string, string>>;
  /** Of a customer managed key; absent for AWS's own. */
  readonly kmsKeyArn?: string;
}

export type TableLookup = (name: string) => TableFacts | undefined;

/** One permission that an operation needs on one table. */
export interface TablePermission {
  readonly action: string;
  readonly table: string;
  readonly index?: string;
  /** Whether rows are read or written: then the table's key is used too. */
  readonly data: boolean;
  readonly conditions: Readonly<Record<string, string | readonly string[] | undefined>>;
}

type Json = Readonly<Record<string, unknown>>;

const TABLE_OPERATIONS = new Set(
  `CreateTable DeleteTable DescribeContinuousBackups DescribeTable DescribeTimeToLive UpdateContinuousBackups
   UpdateTable UpdateTimeToLive`.split(/\s+/),
);
const ACCOUNT_OPERATIONS = new Set(['ListTables', 'DescribeLimits', 'DescribeEndpoints']);
/** Parameters from before expressions; the conditions of a policy are not derived from them. */
const LEGACY = [
  'AttributesToGet',
  'AttributeUpdates',
  'ConditionalOperator',
  'Expected',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
];

/**
 * The permissions that a DynamoDB request needs, all of them (Service Authorization Reference; a transaction needs the
 * permission of each of its actions, a batch one permission on each of its tables).
 */
export function tablePermissions(operation: string, body: Json, tables: TableLookup): readonly TablePermission[] {
  if (TABLE_OPERATIONS.has(operation))
    return [{ action: `dynamodb:${operation}`, table: tableName(body.TableName), data: false, conditions: {} }];
  if (ACCOUNT_OPERATIONS.has(operation))
    return [{ action: `dynamodb:${operation}`, table: '*', data: false, conditions: {} }];
  const capacity = textOf(body.ReturnConsumedCapacity) ?? 'NONE';
  return dataPermissions(operation, body, tables).map((permission) => ({
    ...permission,
    conditions: { ...permission.conditions, 'dynamodb:ReturnConsumedCapacity': capacity },
  }));
}

function dataPermissions(operation: string, body: Json, tables: TableLookup): readonly TablePermission[] {
  switch (operation) {
    case 'GetItem':
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [itemPermission(operation, body, tables)];
    case 'Query':
    case 'Scan':
      return [searchPermission(operation, body, tables)];
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.entries(recordOf(body.RequestItems)).map(([name, requests]) =>
        batchPermission(operation, tableName(name), requests, tables),
      );
    case 'TransactGetItems':
    case 'TransactWriteItems':
      return listOf(body.TransactItems).flatMap((item) =>
        Object.entries(recordOf(item)).map(([kind, action]) =>
          transactPermission(operation, kind, recordOf(action), tables),
        ),
      );
    default:
      throw new AwsError('UnknownOperationException', `${operation.slice(0, 64)} is not offered here`, 400);
  }
}

const TRANSACT_ACTIONS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

function transactPermission(enclosing: string, kind: string, body: Json, tables: TableLookup): TablePermission {
  const action = TRANSACT_ACTIONS[kind];
  if (!action) throw new AwsError('ValidationException', `${kind.slice(0, 64)} is no action of a transaction`, 400);
  const permission = itemPermission(action, body, tables);
  return { ...permission, conditions: { ...permission.conditions, 'dynamodb:EnclosingOperation': enclosing } };
}

function itemPermission(action: string, body: Json, tables: TableLookup): TablePermission {
  refuseLegacy(body);
  const table = tableName(body.TableName);
  const key = recordOf(action === 'PutItem' ? body.Item : body.Key);
  const names = [
    ...Object.keys(key),
    ...namesIn(body, ['ProjectionExpression', 'UpdateExpression', 'ConditionExpression']),
  ];
  const reads = action === 'GetItem';
  return {
    action: `dynamodb:${action}`,
    table,
    data: true,
    conditions: {
      'dynamodb:LeadingKeys': leadingKeys([key], tables(table)?.partitionKey),
      'dynamodb:Attributes': unique(names),
      ...(reads ? { 'dynamodb:Select': selectOf(body) } : { 'dynamodb:ReturnValues': returnedBy(body) }),
    },
  };
}

function searchPermission(operation: 'Query' | 'Scan', body: Json, tables: TableLookup): TablePermission {
  refuseLegacy(body);
  const table = tableName(body.TableName);
  const index = textOf(body.IndexName);
  const facts = tables(table);
  const partitionKey = index === undefined ? facts?.partitionKey : indexKey(facts, index);
  const names = namesIn(body, ['KeyConditionExpression', 'FilterExpression', 'ProjectionExpression']);
  return {
    action: `dynamodb:${operation}`,
    table,
    ...(index === undefined ? {} : { index }),
    data: true,
    conditions: {
      'dynamodb:LeadingKeys': operation === 'Query' && partitionKey ? queriedKeys(body, partitionKey) : undefined,
      'dynamodb:Attributes': unique(names),
      'dynamodb:Select': selectOf(body, index),
    },
  };
}

function indexKey(facts: TableFacts | undefined, index: string): string | undefined {
  return facts && Object.hasOwn(facts.indexes, index) ? facts.indexes[index] : undefined;
}

/** Without the key no condition on leading keys could be evaluated; DynamoDB refuses such a query in the same words. */
function queriedKeys(body: Json, partitionKey: string): readonly string[] {
  const { KeyConditionExpression: expression } = body;
  const placeholder = equalityPlaceholder(expression, partitionKey, recordOf(body.ExpressionAttributeNames));
  const keys = placeholder ? keyText(recordOf(body.ExpressionAttributeValues)[placeholder]) : [];
  if (keys.length > 0) return keys;
  throw new AwsError('ValidationException', `Query condition missed key schema element: ${partitionKey}`, 400);
}

function batchPermission(operation: string, table: string, requests: unknown, tables: TableLookup): TablePermission {
  const reads = operation === 'BatchGetItem';
  const body = reads ? recordOf(requests) : {};
  refuseLegacy(body);
  const items = reads ? listOf(body.Keys).map(recordOf) : listOf(requests).map(writtenItem);
  const names = [...items.flatMap((item) => Object.keys(item)), ...namesIn(body, ['ProjectionExpression'])];
  return {
    action: `dynamodb:${operation}`,
    table,
    data: true,
    conditions: {
      'dynamodb:LeadingKeys': leadingKeys(items, tables(table)?.partitionKey),
      'dynamodb:Attributes': unique(names),
      ...(reads ? { 'dynamodb:Select': selectOf(body) } : {}),
    },
  };
}

function writtenItem(request: unknown): Json {
  const { PutRequest: put, DeleteRequest: remove } = recordOf(request);
  return put === undefined ? recordOf(recordOf(remove).Key) : recordOf(recordOf(put).Item);
}

/** What a read returns when it does not say: everything, unless it names attributes. */
function selectOf(body: Json, index?: string): string {
  const all = index === undefined ? 'ALL_ATTRIBUTES' : 'ALL_PROJECTED_ATTRIBUTES';
  return textOf(body.Select) ?? (body.ProjectionExpression === undefined ? all : 'SPECIFIC_ATTRIBUTES');
}

/**
 * What a write returns. Asking for the whole row when the condition fails shows as much as `ReturnValues: ALL_OLD`; AWS
 * does not say whether its condition key covers that, so here it does.
 */
function returnedBy(body: Json): string {
  if (body.ReturnValuesOnConditionCheckFailure === 'ALL_OLD') return 'ALL_OLD';
  return textOf(body.ReturnValues) ?? 'NONE';
}

function namesIn(body: Json, fields: readonly string[]): readonly string[] {
  return fields.flatMap((field) => expressionNames(body[field], recordOf(body.ExpressionAttributeNames)));
}

function leadingKeys(items: readonly Json[], partitionKey: string | undefined): readonly string[] | undefined {
  return partitionKey === undefined ? undefined : unique(items.flatMap((item) => keyText(item[partitionKey])));
}

/** The text of `{S: ...}`, `{N: ...}` or `{B: ...}`. */
function keyText(value: unknown): readonly string[] {
  const { S, N, B } = recordOf(value);
  return [S, N, B].flatMap((text) => (typeof text === 'string' ? [text] : []));
}

function refuseLegacy(body: Json): void {
  const found = LEGACY.find((name) => body[name] !== undefined);
  if (found === undefined) return;
  throw new AwsError('ValidationException', `${found} is not offered here: policies are not evaluated for it`, 400);
}

/** A table may be named by its ARN. */
function tableName(value: unknown): string {
  const text = textOf(value) ?? '';
  return text.startsWith('arn:') ? text.slice(text.indexOf('/') + 1) : text;
}

function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
