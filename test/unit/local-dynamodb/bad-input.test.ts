import { type DynamoDbStandIn, startDynamoDb } from '../../../local/dynamodb/dynamodb.ts';
import { claims, tunnels } from './fixture.ts';

const TableName = tunnels.tableName;
const Key = { id: { S: 't-1' } };
const start = { ...Key, device: { S: 'pump' }, endsAt: { N: '1' } };
const values = { ':n': { N: '1' }, ':s': { S: 'x' } };

/** One good request of each kind; every field of it is then taken out or replaced by junk. */
const requests: readonly (readonly [operation: string, body: object])[] = [
  ['GetItem', { TableName, Key, ProjectionExpression: 'a.b[0], #c', ExpressionAttributeNames: { '#c': 'c' } }],
  [
    'PutItem',
    {
      TableName,
      Item: { ...start, m: { M: { a: { L: [{ N: '1' }, { SS: ['a'] }] } } }, b: { B: 'AAAA' } },
      ConditionExpression: 'attribute_not_exists(id) OR epoch < :n OR x = :s',
      ExpressionAttributeValues: values,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  ],
  [
    'UpdateItem',
    {
      TableName,
      Key,
      UpdateExpression: 'SET a = :n REMOVE b ADD epoch :n',
      ConditionExpression: 'size(device) BETWEEN :n AND :n OR a <> :s',
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_NEW',
    },
  ],
  ['UpdateItem', { TableName, Key, AttributeUpdates: { a: { Action: 'ADD', Value: { N: '1' } } } }],
  ['DeleteItem', { TableName, Key, ReturnValues: 'ALL_OLD' }],
  [
    'Query',
    {
      TableName,
      IndexName: 'by-device',
      KeyConditionExpression: 'device = :s AND endsAt > :n',
      ExpressionAttributeValues: values,
      ExclusiveStartKey: { ...start, device: { S: 'x' }, endsAt: { N: '2' } },
      Limit: 2,
    },
  ],
  ['Scan', { TableName, IndexName: 'by-device', ExclusiveStartKey: start, Segment: 0, TotalSegments: 1 }],
  ['BatchGetItem', { RequestItems: { [TableName]: { Keys: [Key], ProjectionExpression: 'id' } } }],
  ['BatchWriteItem', { RequestItems: { [TableName]: [{ PutRequest: { Item: start } }] } }],
  [
    'TransactWriteItems',
    {
      TransactItems: [
        { Put: { TableName, Item: { id: { S: 'p' } } } },
        { Delete: { TableName, Key: { id: { S: 'd' } } } },
        { ConditionCheck: { TableName, Key: { id: { S: 'c' } }, ConditionExpression: 'attribute_not_exists(id)' } },
      ],
    },
  ],
  ['TransactGetItems', { TransactItems: [{ Get: { TableName, Key } }] }],
  [
    'CreateTable',
    {
      TableName: 'Once',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    },
  ],
  ['ListTables', { Limit: 1, ExclusiveStartTableName: 'Aaa' }],
  ['UpdateTimeToLive', { TableName, TimeToLiveSpecification: { AttributeName: 'purgeAt', Enabled: true } }],
  ['DeleteTable', { TableName: claims.tableName }],
];

const junk = [undefined, null, -1, 1.5, '', 'a.b[', true, [], {}, [null], { S: null }, { S: '', N: '1' }, { L: [{}] }];

type Tree = Record<string, unknown>;

const pathsOf = (tree: unknown): readonly (readonly string[])[] =>
  typeof tree === 'object' && tree !== null
    ? Object.entries(tree).flatMap(([name, inner]) => [[name], ...pathsOf(inner).map((path) => [name, ...path])])
    : [];

const spoiled = (body: object, path: readonly string[], value: unknown): unknown => {
  const copy = structuredClone(body) as Tree;
  const parent = path.slice(0, -1).reduce((tree, name) => tree[name] as Tree, copy);
  parent[path.at(-1) ?? ''] = structuredClone(value);
  return JSON.parse(JSON.stringify(copy));
};

describe('bad input', () => {
  let standIn: DynamoDbStandIn;
  beforeEach(async () => {
    standIn = await startDynamoDb();
  });
  afterEach(() => standIn.close());

  test.each(requests)('%s never faults, whatever stands in its fields', async (operation, body) => {
    for (const table of [tunnels, claims]) await standIn.createTable(table);
    expect(await standIn.call(operation, structuredClone(body))).toMatchObject({ status: 200 });
    if (operation === 'CreateTable') await standIn.call('DeleteTable', { TableName: 'Once' });
    const answers: number[] = [];
    for (const path of pathsOf(body)) {
      for (const value of junk) {
        for (const table of [tunnels, claims]) await standIn.createTable(table);
        const spoilt = spoiled(body, path, value);
        const text = JSON.stringify(spoilt);
        const { status, body: answer } = await standIn.call(operation, spoilt);
        if (status !== 200 && status !== 400) throw new Error(`${text} was answered ${JSON.stringify(answer)}`);
        answers.push(status);
        if (operation === 'CreateTable') await standIn.call('DeleteTable', { TableName: 'Once' });
      }
    }
    expect(answers).toContain(400);
  });
});
