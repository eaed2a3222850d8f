import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { TableFacts } from '../../../local/aws-endpoint/services/dynamodb-permission.ts';
import { KeyRing } from '../../../local/aws-endpoint/services/key-ring.ts';
import { allow, roleArn, type System, startSystem } from './system.ts';

const ARN = 'arn:aws:dynamodb:eu-west-1:111122223333:table/';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/k1';
const tables: Readonly<Record<string, TableFacts>> = {
  Tunnels: { arn: `${ARN}Tunnels`, partitionKey: 'id', indexes: { byDevice: 'device' } },
  Relays: { arn: `${ARN}Relays`, partitionKey: 'id', indexes: {} },
  Audit: { arn: `${ARN}Audit`, partitionKey: 'id', indexes: {}, kmsKeyArn: KEY },
};

let system: System;
let calls: string[];
beforeEach(async () => {
  calls = [];
  const keys = new KeyRing();
  keys.add({ arn: KEY });
  system = await startSystem({
    tables: (name) => tables[name],
    keys,
    dynamodb: {
      call: async (operation) => {
        calls.push(operation);
        if (operation === 'DescribeTable')
          return {
            status: 400,
            body: { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message: 'gone' },
          };
        return { status: 200, body: operation === 'GetItem' ? { Item: { id: { S: '1' } } } : {} };
      },
    },
  });
});
afterEach(() => system.endpoint.close());

let count = 0;
function client(statements: readonly unknown[]): DynamoDBClient {
  return new DynamoDBClient(system.client(system.addRole(`Role${count++}`, statements)));
}

const key = (id: string) => ({ id: { S: id } });
const denied = (action: string, resource: string) => ({
  name: 'AccessDeniedException',
  message: expect.stringContaining(`is not authorized to perform: ${action} on resource: ${resource} because`),
});

test('an allowed call reaches the table, a refused one does not, and the sentence is AWS\u2019s', async () => {
  const relay = client([allow('dynamodb:GetItem', `${ARN}Tunnels`)]);
  const { Item } = await relay.send(new GetItemCommand({ TableName: 'Tunnels', Key: key('1') }));
  expect(Item).toEqual(key('1'));
  const role = `Role${count - 1}`;
  await expect(relay.send(new PutItemCommand({ TableName: 'Tunnels', Item: key('1') }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: `User: arn:aws:sts::111122223333:assumed-role/${role}/local is not authorized to perform: dynamodb:PutItem on resource: ${ARN}Tunnels because no identity-based policy allows the dynamodb:PutItem action`,
    $metadata: { httpStatusCode: 400 },
  });
  expect(calls).toEqual(['GetItem']);
});

test('errors of the table come through under their own name', async () => {
  const reader = client([allow('dynamodb:DescribeTable', '*')]);
  await expect(reader.send(new DescribeTableCommand({ TableName: 'Tunnels' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'gone',
  });
});

test('a table that does not exist is authorised by the ARN it would have', async () => {
  const reader = client([allow('dynamodb:GetItem', `${ARN}Tunnels`)]);
  await expect(reader.send(new GetItemCommand({ TableName: 'Nope', Key: key('1') }))).rejects.toMatchObject(
    denied('dynamodb:GetItem', `${ARN}Nope`),
  );
  await reader.send(new GetItemCommand({ TableName: `${ARN}Tunnels`, Key: key('1') }));
});

test('an index is a resource of its own', async () => {
  const query = (IndexName?: string) =>
    new QueryCommand({
      TableName: 'Tunnels',
      IndexName,
      KeyConditionExpression: '#k = :k',
      ExpressionAttributeNames: { '#k': IndexName ? 'device' : 'id' },
      ExpressionAttributeValues: { ':k': { S: 'pump-7' } },
    });
  const byTable = client([allow('dynamodb:Query', `${ARN}Tunnels`)]);
  await byTable.send(query());
  await expect(byTable.send(query('byDevice'))).rejects.toMatchObject(
    denied('dynamodb:Query', `${ARN}Tunnels/index/byDevice`),
  );
  const byIndex = client([allow('dynamodb:Query', `${ARN}Tunnels/index/byDevice`)]);
  await byIndex.send(query('byDevice'));
  await expect(byIndex.send(query())).rejects.toMatchObject(denied('dynamodb:Query', `${ARN}Tunnels`));
});

test('a transaction needs the permission of each of its actions', async () => {
  const transaction = new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName: 'Tunnels', Item: key('1') } },
      { ConditionCheck: { TableName: 'Relays', Key: key('r1'), ConditionExpression: 'attribute_exists(id)' } },
    ],
  });
  const writer = client([allow('dynamodb:PutItem', `${ARN}Tunnels`)]);
  await expect(writer.send(transaction)).rejects.toMatchObject(denied('dynamodb:ConditionCheckItem', `${ARN}Relays`));
  expect(calls).toEqual([]);
  await client([allow('dynamodb:PutItem', `${ARN}Tunnels`), allow('dynamodb:ConditionCheckItem', `${ARN}Relays`)]).send(
    transaction,
  );
  const only = { StringEquals: { 'dynamodb:EnclosingOperation': 'TransactWriteItems' } };
  const enclosed = client([allow(['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'], '*', only)]);
  await enclosed.send(transaction);
  await expect(enclosed.send(new PutItemCommand({ TableName: 'Tunnels', Item: key('1') }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

test('a batch needs one permission on each of its tables', async () => {
  const reader = client([allow('dynamodb:Batch*', `${ARN}Tunnels`)]);
  await reader.send(new BatchGetItemCommand({ RequestItems: { Tunnels: { Keys: [key('1')] } } }));
  await expect(
    reader.send(
      new BatchGetItemCommand({ RequestItems: { Tunnels: { Keys: [key('1')] }, Relays: { Keys: [key('1')] } } }),
    ),
  ).rejects.toMatchObject(denied('dynamodb:BatchGetItem', `${ARN}Relays`));
  const write = new BatchWriteItemCommand({
    RequestItems: { Tunnels: [{ PutRequest: { Item: key('1') } }, { DeleteRequest: { Key: key('2') } }] },
  });
  await reader.send(write);
  const own = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['1'] } };
  await expect(client([allow('dynamodb:BatchWriteItem', '*', own)]).send(write)).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
});

test('leading keys, wherever the key stands', async () => {
  const own = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['r1'] } };
  const relay = client([
    allow(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:PutItem', 'dynamodb:Query'], `${ARN}Relays*`, own),
  ]);
  const query = (id: string) =>
    new QueryCommand({
      TableName: 'Relays',
      KeyConditionExpression: 'id = :i AND at > :a',
      ExpressionAttributeValues: { ':i': { S: id }, ':a': { N: '1' } },
    });
  const commands = (id: string) =>
    [
      new GetItemCommand({ TableName: 'Relays', Key: key(id) }),
      new PutItemCommand({ TableName: 'Relays', Item: { ...key(id), lease: { N: '1' } } }),
      new UpdateItemCommand({
        TableName: 'Relays',
        Key: key(id),
        UpdateExpression: 'SET lease = :l',
        ExpressionAttributeValues: { ':l': { N: '1' } },
      }),
    ] as const;
  for (const command of commands('r1')) await relay.send(command as GetItemCommand);
  await relay.send(query('r1'));
  for (const command of commands('r2'))
    await expect(relay.send(command as GetItemCommand)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(relay.send(query('r2'))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(
    relay.send(
      new QueryCommand({
        TableName: 'Relays',
        KeyConditionExpression: 'other = :i',
        ExpressionAttributeValues: { ':i': { S: 'r1' } },
      }),
    ),
  ).rejects.toMatchObject({ name: 'ValidationException' });
});

test('attributes: a read that does not name what it wants is denied where some are closed', async () => {
  const open = {
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['id', 'lease', 'load'] },
    StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
  };
  const reader = client([allow(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan'], '*', open)]);
  const get = (ProjectionExpression?: string, ExpressionAttributeNames?: Record<string, string>) =>
    reader.send(
      new GetItemCommand({ TableName: 'Relays', Key: key('r1'), ProjectionExpression, ExpressionAttributeNames }),
    );
  await get('id, lease, #l.x[0]', { '#l': 'load' });
  await expect(get()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(get('id, doorKey')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(get('id, #d', { '#d': 'doorKey' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const scan = (FilterExpression: string) =>
    reader.send(
      new ScanCommand({
        TableName: 'Relays',
        ProjectionExpression: 'id',
        FilterExpression,
        ExpressionAttributeValues: { ':v': { S: 'x' } },
      }),
    );
  await scan('begins_with(lease, :v) AND NOT (size(load) IN (:v))');
  await expect(scan('begins_with(doorKey, :v)')).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('a table or index that the endpoint does not know never reaches the handler', async () => {
  const anything = client([allow('dynamodb:*', '*')]);
  await expect(anything.send(new GetItemCommand({ TableName: 'Nope', Key: key('1') }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  const query = { KeyConditionExpression: 'id = :i', ExpressionAttributeValues: { ':i': { S: '1' } } };
  await expect(
    anything.send(new QueryCommand({ TableName: 'Tunnels', IndexName: 'constructor', ...query })),
  ).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringContaining('specified index') });
  expect(calls).toEqual([]);
});

test('what a write returns and changes can be limited', async () => {
  const quiet = {
    StringEquals: { 'dynamodb:ReturnValues': 'NONE' },
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['id', 'lease'] },
  };
  const writer = client([allow('dynamodb:UpdateItem', '*', quiet)]);
  const update = (UpdateExpression: string, ReturnValues?: 'ALL_NEW') =>
    writer.send(
      new UpdateItemCommand({
        TableName: 'Relays',
        Key: key('r1'),
        UpdateExpression,
        ReturnValues,
        ExpressionAttributeValues: { ':l': { N: '1' } },
      }),
    );
  await update('SET lease = if_not_exists(lease, :l) + :l');
  await expect(update('SET lease = :l', 'ALL_NEW')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const loser = new UpdateItemCommand({
    TableName: 'Relays',
    Key: key('r1'),
    UpdateExpression: 'SET lease = :l',
    ExpressionAttributeValues: { ':l': { N: '1' } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  await expect(writer.send(loser)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(update('SET lease = :l REMOVE doorKey')).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

test('an encrypted table needs its key too, with the table\u2019s encryption context', async () => {
  const put = new PutItemCommand({ TableName: 'Audit', Item: key('1') });
  const table = allow('dynamodb:PutItem', `${ARN}Audit`);
  await expect(client([table]).send(put)).rejects.toMatchObject(denied('kms:Decrypt', KEY));
  const via = (name: string) => ({
    StringEquals: {
      'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com',
      'kms:EncryptionContext:aws:dynamodb:tableName': name,
    },
  });
  await client([table, allow('kms:Decrypt', KEY, via('Audit'))]).send(put);
  await expect(client([table, allow('kms:Decrypt', KEY, via('Grants'))]).send(put)).rejects.toMatchObject(
    denied('kms:Decrypt', KEY),
  );
});

test('a key policy is asked first: it can admit by itself, or shut out', async () => {
  const put = new PutItemCommand({ TableName: 'Audit', Item: key('1') });
  const admitted = client([allow('dynamodb:PutItem', `${ARN}Audit`)]);
  const admittedArn = roleArn(`Role${count - 1}`);
  const other = client([allow('dynamodb:PutItem', `${ARN}Audit`), allow('kms:*', '*')]);
  await other.send(put);
  system.policies.store.register(KEY, 'resource', [
    { Version: '2012-10-17', Statement: [{ ...allow('kms:*', '*'), Principal: { AWS: admittedArn } }] },
  ]);
  await admitted.send(put);
  await expect(other.send(put)).rejects.toMatchObject({
    message: expect.stringMatching(/no resource-based policy allows the kms:Decrypt action$/),
  });
});

test('what is not offered says so, after the signature', async () => {
  await client([allow('dynamodb:ListTables', '*')]).send(new ListTablesCommand({}));
  await expect(
    client([allow('*', '*')]).send(
      new GetItemCommand({ TableName: 'Tunnels', Key: key('1'), AttributesToGet: ['id'] }),
    ),
  ).rejects.toMatchObject({ name: 'ValidationException' });
});

describe('faults', () => {
  const writer = () => client([allow('dynamodb:*', '*'), allow('kms:*', '*')]);
  const put = (TableName: string) => new PutItemCommand({ TableName, Item: key('1') });

  test('one table fails, the others do not, until it is lifted', async () => {
    const dynamodb = writer();
    system.endpoint.setFault({ table: 'Audit' }, { kind: 'error', status: 500, code: 'InternalServerError' });
    await expect(dynamodb.send(put('Audit'))).rejects.toMatchObject({
      name: 'InternalServerError',
      $metadata: { httpStatusCode: 500 },
    });
    await expect(
      dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName: 'Tunnels', Item: key('1') } },
            { Put: { TableName: 'Audit', Item: key('1') } },
          ],
        }),
      ),
    ).rejects.toMatchObject({ name: 'InternalServerError' });
    await dynamodb.send(put('Tunnels'));
    system.endpoint.setFault({ table: 'Audit' }, undefined);
    await dynamodb.send(put('Audit'));
  });

  test('a lost answer: it was done', async () => {
    const dynamodb = writer();
    system.endpoint.setFault({ service: 'dynamodb' }, { kind: 'lost-answer', operations: ['PutItem'] });
    await expect(dynamodb.send(put('Tunnels'))).rejects.toThrow('socket hang up');
    expect(calls).toEqual(['PutItem']);
    await dynamodb.send(new GetItemCommand({ TableName: 'Tunnels', Key: key('1') }));
  });

  test('a cut connection: it was not done', async () => {
    const dynamodb = writer();
    system.endpoint.setFault({ service: 'dynamodb' }, { kind: 'disconnect' });
    await expect(dynamodb.send(put('Tunnels'))).rejects.toThrow('socket hang up');
    expect(calls).toEqual([]);
  });

  test('a call that hangs ends when the fault is lifted, and never hides a missing permission', async () => {
    const dynamodb = writer();
    system.endpoint.setFault({ table: 'Audit' }, { kind: 'hang' });
    await expect(client([allow('dynamodb:GetItem', '*')]).send(put('Audit'))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    const hanging = dynamodb.send(put('Audit')).catch(String);
    await dynamodb.send(put('Tunnels'));
    system.endpoint.setFault({ table: 'Audit' }, undefined);
    expect(await hanging).toContain('socket hang up');
    expect(calls).toEqual(['PutItem']);
  });

  test('a slow table answers in the end', async () => {
    system.endpoint.setFault({ table: 'Tunnels' }, { kind: 'delay', milliseconds: 20 });
    const started = performance.now();
    await writer().send(put('Tunnels'));
    expect(performance.now() - started).toBeGreaterThan(18);
  });
});
