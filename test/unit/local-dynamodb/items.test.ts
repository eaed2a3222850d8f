import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { claims, type Fixture, startFixture } from './fixture.ts';

const TableName = claims.tableName;
const claim = (port: number, fields: Readonly<Record<string, unknown>> = {}) => ({ port, space: '*', ...fields });

describe('items', () => {
  let fixture: Fixture;
  let documents: DynamoDBDocumentClient;
  beforeEach(async () => {
    fixture = await startFixture();
    documents = DynamoDBDocumentClient.from(fixture.client);
  });
  afterEach(() => fixture.close());

  const get = async (port: number) =>
    (await documents.send(new GetCommand({ TableName, Key: claim(port), ConsistentRead: true }))).Item;

  test('a put is read back with every kind of value', async () => {
    const Item = claim(5000, {
      tunnel: 't-1',
      numbers: [1, -2.5, 9007199254740991],
      flags: { open: true, closed: false, nothing: null },
      bytes: new Uint8Array([0, 255, 7]),
      names: new Set(['a', 'b']),
      ports: new Set([1, 2]),
    });
    await documents.send(new PutCommand({ TableName, Item }));
    expect(await get(5000)).toEqual(Item);
    await documents.send(new DeleteCommand({ TableName, Key: claim(5000) }));
    expect(await get(5000)).toBeUndefined();
  });

  test('of 50 racing claims one wins, and each loser sees the winner', async () => {
    const tries = Array.from({ length: 50 }, (_, n) =>
      fixture.client.send(
        new PutItemCommand({
          TableName,
          Item: { port: { N: '5001' }, space: { S: '*' }, tunnel: { S: `t-${n}` } },
          ConditionExpression: 'attribute_not_exists(port) OR restUntil < :now',
          ExpressionAttributeValues: { ':now': { N: '100' } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const winner = (await get(5001))?.tunnel;
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(result.reason).toBeInstanceOf(ConditionalCheckFailedException);
      expect(result.reason.message).toBe('The conditional request failed');
      expect(result.reason.Item).toEqual({ port: { N: '5001' }, space: { S: '*' }, tunnel: { S: winner } });
    }
  });

  test('a failed condition shows the row only when asked, and none where there is none', async () => {
    const update = (port: number, show?: 'ALL_OLD') =>
      fixture.client.send(
        new UpdateItemCommand({
          TableName,
          Key: { port: { N: String(port) }, space: { S: '*' } },
          UpdateExpression: 'SET tunnel = :tunnel',
          ConditionExpression: 'epoch = :epoch',
          ExpressionAttributeValues: { ':tunnel': { S: 't-2' }, ':epoch': { N: '2' } },
          ReturnValuesOnConditionCheckFailure: show,
        }),
      );
    await documents.send(new PutCommand({ TableName, Item: claim(5002, { epoch: 1 }) }));
    await expect(update(5002)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', Item: undefined });
    await expect(update(5002, 'ALL_OLD')).rejects.toMatchObject({ Item: { epoch: { N: '1' } } });
    await expect(update(5003, 'ALL_OLD')).rejects.toMatchObject({ Item: undefined });
    expect(await get(5002)).toEqual(claim(5002, { epoch: 1 }));
  });

  test('100 parallel additions add up', async () => {
    await Promise.all(
      Array.from({ length: 100 }, () =>
        documents.send(
          new UpdateCommand({
            TableName,
            Key: claim(5004),
            UpdateExpression: 'ADD epoch :one',
            ExpressionAttributeValues: { ':one': 1 },
          }),
        ),
      ),
    );
    expect(await get(5004)).toEqual(claim(5004, { epoch: 100 }));
  });

  test('an update reaches into maps and lists, and answers with the values asked for', async () => {
    await documents.send(new PutCommand({ TableName, Item: claim(5005, { holder: { relay: 'r1' }, log: ['a'] }) }));
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName,
        Key: claim(5005),
        UpdateExpression:
          'SET holder.worker = :worker, #log = list_append(#log, :more), epoch = if_not_exists(epoch, :zero) + :one REMOVE holder.relay',
        ExpressionAttributeNames: { '#log': 'log' },
        ExpressionAttributeValues: { ':worker': 3, ':more': ['b'], ':zero': 0, ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(Attributes).toEqual(claim(5005, { holder: { worker: 3 }, log: ['a', 'b'], epoch: 1 }));
  });

  test('a batch writes and deletes, and another reads', async () => {
    await documents.send(new PutCommand({ TableName, Item: claim(6000) }));
    const puts = Array.from({ length: 24 }, (_, n) => ({ PutRequest: { Item: claim(6001 + n) } }));
    await documents.send(
      new BatchWriteCommand({ RequestItems: { [TableName]: [...puts, { DeleteRequest: { Key: claim(6000) } }] } }),
    );
    const { Count } = await documents.send(new ScanCommand({ TableName, ConsistentRead: true }));
    expect(Count).toBe(24);
    const { Responses } = await fixture.client.send(
      new BatchGetItemCommand({
        RequestItems: {
          [TableName]: { Keys: [6000, 6001, 6002].map((port) => ({ port: { N: String(port) }, space: { S: '*' } })) },
        },
      }),
    );
    expect(Responses?.[TableName]).toHaveLength(2);
  });

  test('a query gives its pages in key order, both ways', async () => {
    const spaces = Array.from({ length: 25 }, (_, n) => `r${String(n).padStart(2, '0')}`);
    for (const space of [...spaces].reverse()) {
      await documents.send(new PutCommand({ TableName, Item: { port: 7000, space } }));
    }
    for (const ScanIndexForward of [true, false]) {
      const seen: unknown[] = [];
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      do {
        const page = await documents.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'port = :port AND begins_with(#space, :r)',
            ExpressionAttributeNames: { '#space': 'space' },
            ExpressionAttributeValues: { ':port': 7000, ':r': 'r' },
            Limit: 7,
            ScanIndexForward,
            ExclusiveStartKey,
          }),
        );
        seen.push(...(page.Items ?? []).map(({ space }) => space));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      expect(seen).toEqual(ScanIndexForward ? spaces : [...spaces].reverse());
    }
  });

  test('numbers sort as numbers in a key', async () => {
    await fixture.standIn.createTable({
      tableName: 'Audit',
      keySchema: [
        { AttributeName: 'who', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      attributeDefinitions: [
        { AttributeName: 'who', AttributeType: 'S' },
        { AttributeName: 'at', AttributeType: 'N' },
      ],
    });
    for (const at of [10, 9, -1, 100, 2.5, -20, 0]) {
      await documents.send(new PutCommand({ TableName: 'Audit', Item: { who: 'o1', at } }));
    }
    const { Items } = await documents.send(
      new QueryCommand({
        TableName: 'Audit',
        KeyConditionExpression: 'who = :who AND #at BETWEEN :low AND :high',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':who': 'o1', ':low': -1, ':high': 99 },
      }),
    );
    expect(Items?.map(({ at }) => at)).toEqual([-1, 0, 2.5, 9, 10]);
  });

  describe('refuses', () => {
    const key = { port: { N: '1' }, space: { S: '*' } };
    test.each([
      ['a key of a wrong type', new GetItemCommand({ TableName, Key: { port: { S: 'x' }, space: { S: '*' } } })],
      ['a key with a part missing', new GetItemCommand({ TableName, Key: { port: { N: '1' } } })],
      ['an item without its key', new PutItemCommand({ TableName, Item: { port: { N: '1' } } })],
      ['a number that is none', new PutItemCommand({ TableName, Item: { ...key, epoch: { N: 'one' } } })],
      ['an empty set', new PutItemCommand({ TableName, Item: { ...key, names: { SS: [] } } })],
      ['an item over 400 KB', new PutItemCommand({ TableName, Item: { ...key, blob: { S: 'x'.repeat(410_000) } } })],
      [
        'a malformed condition',
        new PutItemCommand({ TableName, Item: key, ConditionExpression: 'attribute_not_exists(' }),
      ],
      [
        'a reserved word as a name',
        new UpdateItemCommand({
          TableName,
          Key: key,
          UpdateExpression: 'SET state = :s',
          ExpressionAttributeValues: { ':s': { S: '' } },
        }),
      ],
      [
        'a value that no expression uses',
        new PutItemCommand({
          TableName,
          Item: key,
          ConditionExpression: 'attribute_exists(port)',
          ExpressionAttributeValues: { ':x': { S: '' } },
        }),
      ],
      [
        'an unknown word for what a failure returns',
        new PutItemCommand({ TableName, Item: key, ReturnValuesOnConditionCheckFailure: 'ALL' as 'ALL_OLD' }),
      ],
      [
        'to compare maps, which it cannot do',
        new PutItemCommand({
          TableName,
          Item: key,
          ConditionExpression: 'attribute_not_exists(port) OR (epoch > :n AND holder = :holder)',
          ExpressionAttributeValues: { ':n': { N: '1' }, ':holder': { M: { relay: { S: 'r1' } } } },
        }),
      ],
    ])('%s', async (_what, command) => {
      await expect(fixture.client.send(command as PutItemCommand)).rejects.toMatchObject({
        name: 'ValidationException',
        $metadata: { httpStatusCode: 400 },
      });
    });

    test('a table that is not there', async () => {
      await expect(fixture.client.send(new GetItemCommand({ TableName: 'Nowhere', Key: key }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        message: 'Requested resource not found',
      });
    });

    test('an operation that it does not know', async () => {
      expect(await fixture.standIn.call('ExecuteStatement', {})).toEqual({
        status: 400,
        body: { __type: 'com.amazon.coral.service#UnknownOperationException' },
      });
    });

    test('what is nested too deep, or has nothing where a value must be', async () => {
      const nested = Array.from({ length: 100 }).reduce<object>((inner) => ({ M: { a: inner } }), { S: 'x' });
      for (const [value, type] of [
        [nested, 'ValidationException'],
        [null, 'SerializationException'],
        [{ L: [null] }, 'SerializationException'],
        [{ SS: [null] }, 'SerializationException'],
      ] as const) {
        const { status, body } = await fixture.standIn.call('PutItem', { TableName, Item: { ...key, value } });
        expect([status, body]).toEqual([400, expect.objectContaining({ __type: expect.stringContaining(type) })]);
      }
    });

    test('what is not a request at all', async () => {
      const post = (body: string, target = 'DynamoDB_20120810.GetItem') =>
        fetch(fixture.url, { method: 'POST', headers: { 'x-amz-target': target }, body });
      const broken = await post('{"TableName":');
      expect([broken.status, await broken.text()]).toEqual([400, expect.stringContaining('SerializationException')]);
      expect(await (await post('[]')).text()).toContain('SerializationException');
      expect(await (await post('{"TableName":{}}')).text()).toContain('SerializationException');
      expect(await (await post('{}', 'Lambda.Invoke')).text()).toContain('UnknownOperationException');
      expect(await (await post('{}')).text()).toContain('ValidationException');
    });
  });
});
