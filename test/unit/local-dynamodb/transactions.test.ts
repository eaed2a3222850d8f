import {
  TransactGetItemsCommand,
  type TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { claims, collectRecords, type Fixture, startFixture, tunnels } from './fixture.ts';

const put = (port: number, ConditionExpression?: string) => ({
  Put: {
    TableName: claims.tableName,
    Item: { port: { N: String(port) }, space: { S: '*' }, tunnel: { S: 't-new' } },
    ConditionExpression,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  },
});

const raise = (id: string) => ({
  Update: {
    TableName: tunnels.tableName,
    Key: { id: { S: id } },
    UpdateExpression: 'ADD epoch :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  },
});

describe('transactions', () => {
  let fixture: Fixture;
  let documents: DynamoDBDocumentClient;
  let now = 1_800_000_000_000;
  beforeEach(async () => {
    fixture = await startFixture({ now: () => now }, [claims, tunnels]);
    documents = DynamoDBDocumentClient.from(fixture.client);
    await documents.send(new PutCommand({ TableName: tunnels.tableName, Item: { id: 't-1', epoch: 1 } }));
    await documents.send(
      new PutCommand({ TableName: claims.tableName, Item: { port: 5000, space: '*', tunnel: 'x' } }),
    );
  });
  afterEach(() => fixture.close());

  const write = (TransactItems: TransactWriteItemsCommandInput['TransactItems'], ClientRequestToken?: string) =>
    fixture.client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));
  const refusal = (...call: Parameters<typeof write>): Promise<TransactionCanceledException> =>
    write(...call).then(
      () => Promise.reject(new Error('the transaction went through')),
      (error: TransactionCanceledException) => error,
    );
  const epoch = async () =>
    (await documents.send(new GetCommand({ TableName: tunnels.tableName, Key: { id: 't-1' } }))).Item?.epoch;
  const claim = async (port: number) =>
    (await documents.send(new GetCommand({ TableName: claims.tableName, Key: { port, space: '*' } }))).Item?.tunnel;

  test('every part goes through together', async () => {
    await write([
      put(5001, 'attribute_not_exists(port)'),
      raise('t-1'),
      { Delete: { TableName: claims.tableName, Key: { port: { N: '5000' }, space: { S: '*' } } } },
      {
        ConditionCheck: {
          TableName: tunnels.tableName,
          Key: { id: { S: 't-2' } },
          ConditionExpression: 'attribute_not_exists(id)',
        },
      },
    ]);
    expect([await claim(5001), await claim(5000), await epoch()]).toEqual(['t-new', undefined, 2]);
  });

  test('one refusing part undoes all, and each part has its reason', async () => {
    const { records, until } = collectRecords(fixture.standIn, claims.tableName);
    const error = await refusal([
      raise('t-1'),
      put(5001),
      put(5000, 'attribute_not_exists(port)'),
      {
        ConditionCheck: {
          TableName: tunnels.tableName,
          Key: { id: { S: 't-2' } },
          ConditionExpression: 'epoch = :two',
          ExpressionAttributeValues: { ':two': { N: '2' } },
        },
      },
      {
        Update: {
          TableName: tunnels.tableName,
          Key: { id: { S: 't-3' } },
          UpdateExpression: 'SET epoch = epoch + :one',
          ExpressionAttributeValues: { ':one': { N: '1' } },
        },
      },
    ]);
    expect(error.name).toBe('TransactionCanceledException');
    expect(error.message).toBe(
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, None, ConditionalCheckFailed, ConditionalCheckFailed, ValidationError]',
    );
    expect(error.CancellationReasons).toEqual([
      { Code: 'None' },
      { Code: 'None' },
      {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        Item: { port: { N: '5000' }, space: { S: '*' }, tunnel: { S: 'x' } },
      },
      { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      {
        Code: 'ValidationError',
        Message: 'The provided expression refers to an attribute that does not exist in the item',
      },
    ]);
    expect([await claim(5001), await claim(5000), await epoch()]).toEqual([undefined, 'x', 1]);
    await write([put(5002)]);
    await until(1);
    expect(records.map(({ dynamodb }) => dynamodb.Keys.port)).toEqual([{ N: '5002' }]);
  });

  test('of racing transactions over the same two rows one wins whole', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        write([put(5003, 'attribute_not_exists(port)'), put(5004, 'attribute_not_exists(port)'), raise('t-1')]),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await epoch()).toBe(2);
  });

  test('the same token is applied once, for ten minutes, and fits one request only', async () => {
    await write([raise('t-1')], 'token-1');
    await write([raise('t-1')], 'token-1');
    expect(await epoch()).toBe(2);
    await expect(write([put(5005)], 'token-1')).rejects.toMatchObject({ name: 'IdempotentParameterMismatchException' });
    now += 10 * 60_000;
    await write([raise('t-1')], 'token-1');
    expect(await epoch()).toBe(3);
  });

  test('a cancelled transaction may be tried again under its token', async () => {
    await refusal([put(5000, 'attribute_not_exists(port)')], 'token-2');
    await documents.send(new PutCommand({ TableName: claims.tableName, Item: { port: 5006, space: '*' } }));
    const { name } = await refusal([put(5000, 'attribute_not_exists(port)')], 'token-2');
    expect(name).toBe('TransactionCanceledException');
  });

  test('a read gives rows in the order asked for, with gaps', async () => {
    const get = (TableName: string | undefined, Key: Record<string, { N: string } | { S: string }>) => ({
      Get: { TableName, Key, ProjectionExpression: 'epoch' },
    });
    const { Responses } = await fixture.client.send(
      new TransactGetItemsCommand({
        TransactItems: [
          get(claims.tableName, { port: { N: '9' }, space: { S: '*' } }),
          get(tunnels.tableName, { id: { S: 't-1' } }),
        ],
      }),
    );
    expect(Responses).toEqual([{}, { Item: { epoch: { N: '1' } } }]);
  });

  test.each<[string, NonNullable<TransactWriteItemsCommandInput['TransactItems']>, string]>([
    ['nothing', [], 'Member must have length greater than or equal to 1'],
    [
      '101 parts',
      Array.from({ length: 101 }, (_, n) => put(n + 1)),
      'Member must have length less than or equal to 100',
    ],
    ['one row twice', [put(1), put(1)], 'Transaction request cannot include multiple operations on one item'],
    ['a part with two operations', [{ ...put(1), ...raise('t-1') }], 'can only contain one of'],
    ['a part with none', [{}], 'can only contain one of'],
    ['a malformed condition', [raise('t-1'), put(1, 'port =')], 'Invalid ConditionExpression'],
  ])('refuses %s', async (_what, items, message) => {
    await expect(write(items)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(message),
    });
    expect(await epoch()).toBe(1);
  });
});
