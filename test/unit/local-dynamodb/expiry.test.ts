import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { claims, collectRecords, type Fixture, startFixture, tunnels } from './fixture.ts';

const TableName = claims.tableName;
const now = 1_800_000_000;

describe('time to live', () => {
  let fixture: Fixture;
  let documents: DynamoDBDocumentClient;
  beforeEach(async () => {
    fixture = await startFixture({}, [claims, tunnels]);
    documents = DynamoDBDocumentClient.from(fixture.client);
  });
  afterEach(() => fixture.close());

  const put = (port: number, purgeAt?: unknown) =>
    documents.send(new PutCommand({ TableName, Item: { port, space: '*', purgeAt } }));
  const get = async (port: number) =>
    (await documents.send(new GetCommand({ TableName, Key: { port, space: '*' } }))).Item;

  test('an expired row is read back until a sweep deletes it, as the service', async () => {
    const { records, until } = collectRecords(fixture.standIn, TableName);
    await put(1, now - 10);
    expect(await get(1)).toMatchObject({ port: 1 });
    expect(await fixture.standIn.expire(now - 11)).toBe(0);
    expect(await get(1)).toMatchObject({ port: 1 });
    expect(await fixture.standIn.expire(now)).toBe(1);
    expect(await get(1)).toBeUndefined();
    await until(2);
    expect(records[1]).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      dynamodb: { OldImage: { port: { N: '1' }, space: { S: '*' }, purgeAt: { N: String(now - 10) } } },
    });
    expect(records[0]).not.toHaveProperty('userIdentity');
  });

  test('only a number of seconds that passed within five years counts', async () => {
    await put(1, String(now - 10));
    await put(2, now - 6 * 365 * 24 * 3600);
    await put(3, now + 1);
    await put(4, (now - 10) * 1000);
    await put(5, -5);
    await fixture.standIn.call('PutItem', { TableName, Item: { port: { N: '6' }, space: { S: '*' } } });
    await put(7, now);
    expect(await fixture.standIn.expire(now)).toBe(1);
    expect(await get(7)).toBeUndefined();
  });

  test('a row renewed while a sweep is under way lives', async () => {
    await Promise.all(Array.from({ length: 350 }, (_, n) => put(n + 1, now - 1000 + n)));
    // The sweep deletes in order of time, a batch a turn: the last row is renewed after it began, before it gets there.
    const sweep = fixture.standIn.expire(now);
    const renewal = fixture.standIn.call('UpdateItem', {
      TableName,
      Key: { port: { N: '350' }, space: { S: '*' } },
      UpdateExpression: 'SET purgeAt = :later',
      ConditionExpression: 'attribute_exists(port)',
      ExpressionAttributeValues: { ':later': { N: String(now + 100) } },
    });
    expect(await sweep).toBe(349);
    expect((await renewal).status).toBe(200);
    expect(await get(350)).toMatchObject({ purgeAt: now + 100 });
    expect(await get(349)).toBeUndefined();
  });

  test('a row whose time was taken off lives', async () => {
    await put(1, now - 1);
    await documents.send(
      new UpdateCommand({ TableName, Key: { port: 1, space: '*' }, UpdateExpression: 'REMOVE purgeAt' }),
    );
    expect(await fixture.standIn.expire(now)).toBe(0);
  });

  test('the interval sweeps by itself, as late as told', async () => {
    let clock = now * 1000;
    const late = await startFixture({ ttlSweepMs: 5, ttlLatenessSeconds: 60, now: () => clock });
    try {
      const { records, until } = collectRecords(late.standIn, TableName);
      for (const [port, purgeAt] of [
        [1, now - 1],
        [2, now - 61],
      ] as const) {
        await late.standIn.call('PutItem', {
          TableName,
          Item: { port: { N: String(port) }, space: { S: '*' }, purgeAt: { N: String(purgeAt) } },
        });
      }
      await until(3);
      expect(records[2]).toMatchObject({ eventName: 'REMOVE', dynamodb: { Keys: { port: { N: '2' } } } });
      clock += 60_000;
      await until(4);
      expect(records[3]).toMatchObject({ eventName: 'REMOVE', dynamodb: { Keys: { port: { N: '1' } } } });
    } finally {
      await late.close();
    }
  });

  test('can be switched on and off over the wire', async () => {
    const describe = async () =>
      (await fixture.client.send(new DescribeTimeToLiveCommand({ TableName: tunnels.tableName })))
        .TimeToLiveDescription;
    const update = (AttributeName: string, Enabled: boolean) =>
      fixture.client.send(
        new UpdateTimeToLiveCommand({
          TableName: tunnels.tableName,
          TimeToLiveSpecification: { AttributeName, Enabled },
        }),
      );
    await documents.send(new PutCommand({ TableName: tunnels.tableName, Item: { id: 't-1', purgeAt: now - 1 } }));
    expect(await describe()).toEqual({ TimeToLiveStatus: 'DISABLED' });
    await update('purgeAt', true);
    expect(await describe()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'purgeAt' });
    await expect(update('purgeAt', true)).rejects.toMatchObject({ message: 'TimeToLive is already enabled' });
    await expect(update('endsAt', false)).rejects.toMatchObject({ name: 'ValidationException' });
    expect(await fixture.standIn.expire(now)).toBe(1);
    await update('purgeAt', false);
    await documents.send(new PutCommand({ TableName: tunnels.tableName, Item: { id: 't-2', purgeAt: now - 1 } }));
    expect(await fixture.standIn.expire(now)).toBe(0);
  });
});
