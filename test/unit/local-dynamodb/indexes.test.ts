import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, QueryCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { claims, type Fixture, startFixture, tunnels } from './fixture.ts';

const TableName = tunnels.tableName;
const IndexName = 'by-device';

describe('indexes', () => {
  let fixture: Fixture;
  let documents: DynamoDBDocumentClient;
  beforeEach(async () => {
    fixture = await startFixture({}, [tunnels, claims]);
    documents = DynamoDBDocumentClient.from(fixture.client);
  });
  afterEach(() => fixture.close());

  const put = (id: string, fields: Readonly<Record<string, unknown>>) =>
    documents.send(new PutCommand({ TableName, Item: { id, ...fields } }));
  const query = async (device: string, more: Readonly<Record<string, unknown>> = {}) =>
    await documents.send(
      new QueryCommand({
        TableName,
        IndexName,
        KeyConditionExpression: 'device = :device',
        ExpressionAttributeValues: { ':device': device },
        ...more,
      }),
    );
  const pages = async (more: Readonly<Record<string, unknown>>) => {
    const ids: unknown[] = [];
    let ExclusiveStartKey: Record<string, unknown> | undefined;
    do {
      const page = await query('pump', { ...more, ExclusiveStartKey });
      ids.push(...(page.Items ?? []).map(({ id }) => id));
      ExclusiveStartKey = page.LastEvaluatedKey;
      if (ExclusiveStartKey !== undefined)
        expect(Object.keys(ExclusiveStartKey).sort()).toEqual(['device', 'endsAt', 'id']);
    } while (ExclusiveStartKey !== undefined);
    return ids;
  };

  test('give the projected attributes and no others', async () => {
    await put('t-1', { device: 'pump', endsAt: 5, state: 'open', secret: 'x' });
    expect((await query('pump')).Items).toEqual([{ id: 't-1', device: 'pump', endsAt: 5, state: 'open' }]);
    await expect(query('pump', { ProjectionExpression: 'id, secret' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'One or more parameter values were invalid: Global secondary index by-device does not project [secret]',
    });
    await expect(query('pump', { Select: 'ALL_ATTRIBUTES' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(query('pump', { ConsistentRead: true })).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('follow their table', async () => {
    await put('t-1', { device: 'pump', endsAt: 5, state: 'open' });
    await documents.send(
      new UpdateCommand({
        TableName,
        Key: { id: 't-1' },
        UpdateExpression: 'SET device = :d, endsAt = :e',
        ExpressionAttributeValues: { ':d': 'valve', ':e': 7 },
      }),
    );
    expect((await query('pump')).Items).toEqual([]);
    expect((await query('valve')).Items).toEqual([{ id: 't-1', device: 'valve', endsAt: 7, state: 'open' }]);
    await documents.send(new UpdateCommand({ TableName, Key: { id: 't-1' }, UpdateExpression: 'REMOVE device' }));
    expect((await query('valve')).Items).toEqual([]);
    expect((await documents.send(new ScanCommand({ TableName, IndexName }))).Count).toBe(0);
  });

  test('give every row once over pages, both ways, also rows with equal index keys', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `t-${String(n).padStart(2, '0')}`);
    for (const [n, id] of ids.entries()) await put(id, { device: 'pump', endsAt: Math.floor(n / 10), state: 's' });
    const forward = await pages({ Limit: 7 });
    expect([...forward].sort()).toEqual(ids);
    expect(await pages({ Limit: 7, ScanIndexForward: false })).toEqual([...forward].reverse());
    const filtered = await pages({
      Limit: 7,
      FilterExpression: 'id > :low',
      ExpressionAttributeValues: { ':device': 'pump', ':low': 't-29' },
    });
    expect([...filtered].sort()).toEqual(ids.slice(30));
  });

  test('keep rows apart whose keys agree in the 24 bits that dynalite tells them apart by', async () => {
    // Both ids hash to the same six digits (MD5 with the salt that DynamoDB's scan order uses).
    const pair = ['k2345', 'k4014'];
    for (const id of pair) await put(id, { device: 'pump', endsAt: 1 });
    expect((await query('pump')).Count).toBe(2);
  });

  test('refuse a row whose index key they cannot hold', async () => {
    await expect(put('t-1', { device: 5 })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put('t-1', { device: '' })).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('IndexName: by-device, IndexKey: device'),
    });
    await put('t-2', { number: 5 });
    await expect(
      documents.send(
        new UpdateCommand({
          TableName,
          Key: { id: 't-2' },
          UpdateExpression: 'SET device = #number',
          ExpressionAttributeNames: { '#number': 'number' },
        }),
      ),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('a local index reads whole items although it projects keys only', async () => {
    await fixture.standIn.createTable({
      tableName: 'Audit',
      keySchema: [
        { AttributeName: 'who', KeyType: 'HASH' },
        { AttributeName: 'at', KeyType: 'RANGE' },
      ],
      attributeDefinitions: [
        { AttributeName: 'who', AttributeType: 'S' },
        { AttributeName: 'at', AttributeType: 'N' },
        { AttributeName: 'kind', AttributeType: 'S' },
      ],
      localSecondaryIndexes: [
        {
          IndexName: 'by-kind',
          KeySchema: [
            { AttributeName: 'who', KeyType: 'HASH' },
            { AttributeName: 'kind', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
    const item = { who: 'o1', at: 1, kind: 'refused', reason: 'no grant' };
    await documents.send(new PutCommand({ TableName: 'Audit', Item: item }));
    const read = async (Select: 'ALL_ATTRIBUTES' | undefined) =>
      (
        await documents.send(
          new QueryCommand({
            TableName: 'Audit',
            IndexName: 'by-kind',
            KeyConditionExpression: 'who = :who',
            ExpressionAttributeValues: { ':who': 'o1' },
            Select,
            ConsistentRead: true,
          }),
        )
      ).Items;
    expect(await read(undefined)).toEqual([{ who: 'o1', at: 1, kind: 'refused' }]);
    expect(await read('ALL_ATTRIBUTES')).toEqual([item]);
  });
});

describe('tables', () => {
  test('are made, described, listed and deleted over the wire', async () => {
    const fixture = await startFixture({ region: 'eu-central-1', account: '111122223333' }, [tunnels, claims]);
    try {
      const create = new CreateTableCommand({
        TableName: 'Once',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
      });
      await fixture.client.send(create);
      await expect(fixture.client.send(create)).rejects.toMatchObject({ name: 'ResourceInUseException' });
      const { Table } = await fixture.client.send(new DescribeTableCommand({ TableName: 'Once' }));
      expect(Table).toMatchObject({
        TableStatus: 'ACTIVE',
        TableArn: 'arn:aws:dynamodb:eu-central-1:111122223333:table/Once',
        LatestStreamArn: expect.stringContaining('table/Once/stream/'),
        ItemCount: 0,
      });
      const described = await fixture.client.send(new DescribeTableCommand({ TableName: 'Tunnels' }));
      expect(described.Table?.GlobalSecondaryIndexes).toMatchObject([
        { IndexName: 'by-device', IndexStatus: 'ACTIVE', Projection: { NonKeyAttributes: ['state'] } },
      ]);
      const { TableNames, LastEvaluatedTableName } = await fixture.client.send(new ListTablesCommand({ Limit: 2 }));
      expect([TableNames, LastEvaluatedTableName]).toEqual([['Once', 'PortClaims'], 'PortClaims']);
      await fixture.client.send(new DeleteTableCommand({ TableName: 'Once' }));
      await expect(fixture.client.send(new DescribeTableCommand({ TableName: 'Once' }))).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    } finally {
      await fixture.close();
    }
  });

  test('need a definition that makes sense', async () => {
    const fixture = await startFixture();
    try {
      await expect(
        fixture.standIn.createTable({ ...tunnels, attributeDefinitions: [{ AttributeName: 'x', AttributeType: 'S' }] }),
      ).rejects.toThrow('Some index key attributes are not defined');
    } finally {
      await fixture.close();
    }
  });
});
