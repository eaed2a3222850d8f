import { BatchWriteCommand, DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { StreamRecord } from '../../../local/dynamodb/change-record.ts';
import { claims, collectRecords, type Fixture, startFixture, tunnels } from './fixture.ts';

const TableName = claims.tableName;
const key = (port: number) => ({ port: { N: String(port) }, space: { S: '*' } });

describe('streams', () => {
  let fixture: Fixture;
  let documents: DynamoDBDocumentClient;
  let faults: Error[];
  beforeEach(async () => {
    faults = [];
    fixture = await startFixture({ now: () => 1_800_000_000_900, onFault: (fault) => faults.push(fault) }, [
      claims,
      tunnels,
    ]);
    documents = DynamoDBDocumentClient.from(fixture.client);
  });
  afterEach(() => fixture.close());

  const put = (port: number, fields: Readonly<Record<string, unknown>> = {}) =>
    documents.send(new PutCommand({ TableName, Item: { port, space: '*', ...fields } }));

  test('a record is what Lambda gets, with both images', async () => {
    const { records, until } = collectRecords(fixture.standIn, TableName);
    await put(1, { tunnel: 'a' });
    await put(1, { tunnel: 'b' });
    await fixture.standIn.call('DeleteItem', { TableName, Key: key(1) });
    await until(3);
    const inserted: DynamoDBRecord | undefined = records[0];
    expect(inserted).toEqual({
      eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventName: 'INSERT',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      dynamodb: {
        ApproximateCreationDateTime: 1_800_000_000,
        Keys: key(1),
        NewImage: { ...key(1), tunnel: { S: 'a' } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/),
        SizeBytes: expect.any(Number),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      eventSourceARN: expect.stringMatching(
        /^arn:aws:dynamodb:us-east-1:000000000000:table\/PortClaims\/stream\/[\dT:.-]+$/,
      ),
    });
    expect(records.map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage, dynamodb.NewImage])).toEqual([
      ['INSERT', undefined, { ...key(1), tunnel: { S: 'a' } }],
      ['MODIFY', { ...key(1), tunnel: { S: 'a' } }, { ...key(1), tunnel: { S: 'b' } }],
      ['REMOVE', { ...key(1), tunnel: { S: 'b' } }, undefined],
    ]);
  });

  test('racing writers leave a chain: each old image is the new image before it', async () => {
    const { records, until } = collectRecords(fixture.standIn, TableName);
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        n % 3 === 0
          ? put(2, { epoch: n })
          : documents.send(
              new UpdateCommand({
                TableName,
                Key: { port: 2, space: '*' },
                UpdateExpression: 'ADD epoch :one',
                ExpressionAttributeValues: { ':one': 1000 },
              }),
            ),
      ),
    );
    await until(60);
    let last: StreamRecord['dynamodb'] | undefined;
    for (const { dynamodb } of records) {
      expect(dynamodb.OldImage).toEqual(last?.NewImage);
      expect(dynamodb.SequenceNumber > (last?.SequenceNumber ?? '')).toBe(true);
      last = dynamodb;
    }
  });

  test('a batch leaves a record per row', async () => {
    await put(3);
    const { records, until } = collectRecords(fixture.standIn, TableName);
    await documents.send(
      new BatchWriteCommand({
        RequestItems: {
          [TableName]: [
            { PutRequest: { Item: { port: 4, space: '*' } } },
            { DeleteRequest: { Key: { port: 3, space: '*' } } },
          ],
        },
      }),
    );
    await until(2);
    expect(records.map(({ eventName }) => eventName).sort()).toEqual(['INSERT', 'REMOVE']);
  });

  test('a write that changes nothing leaves none', async () => {
    const { records, until } = collectRecords(fixture.standIn, TableName);
    await put(5, { a: 1, b: 2 });
    await put(5, { b: 2, a: 1 });
    await fixture.standIn.call('DeleteItem', { TableName, Key: key(6) });
    await fixture.standIn.call('PutItem', {
      TableName,
      Item: key(5),
      ConditionExpression: 'attribute_not_exists(port)',
    });
    await put(7);
    await until(2);
    expect(records.map(({ dynamodb }) => dynamodb.Keys.port)).toEqual([{ N: '5' }, { N: '7' }]);
  });

  test.each([
    ['KEYS_ONLY', []],
    ['NEW_IMAGE', ['NewImage']],
    ['OLD_IMAGE', ['OldImage']],
  ] as const)('a %s stream has no more than that', async (stream, images) => {
    await fixture.standIn.createTable({ ...claims, tableName: 'Other', stream });
    const { records, until } = collectRecords(fixture.standIn, 'Other');
    await fixture.standIn.call('PutItem', { TableName: 'Other', Item: { ...key(1), a: { S: '1' } } });
    await fixture.standIn.call('PutItem', { TableName: 'Other', Item: { ...key(1), a: { S: '2' } } });
    await until(2);
    expect(Object.keys(records[1]?.dynamodb ?? {}).filter((name) => name.endsWith('Image'))).toEqual(images);
  });

  test('a slow listener gets what gathered meanwhile in one batch, in order; one that throws goes on', async () => {
    const batches: (readonly StreamRecord[])[] = [];
    let release: () => void = () => undefined;
    let finished: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const all = new Promise<void>((resolve) => {
      finished = resolve;
    });
    fixture.standIn.onRecords(TableName, async (batch) => {
      batches.push(batch);
      if (batches.length === 2) finished();
      await held;
      throw new Error('the listener gave up');
    });
    for (const port of [1, 2, 3, 4]) await put(port);
    release();
    await all;
    expect(batches.map((batch) => batch.map(({ dynamodb }) => dynamodb.Keys.port?.N))).toEqual([
      ['1'],
      ['2', '3', '4'],
    ]);
    expect(faults.map(({ message }) => message)).toEqual(['A stream listener gave up on 1 records']);
  });

  test('a stopped listener hears no more, and a table without a stream has none', async () => {
    const first = collectRecords(fixture.standIn, TableName);
    await put(1);
    await first.until(1);
    first.stop();
    const second = collectRecords(fixture.standIn, TableName);
    await put(2);
    await second.until(1);
    expect(first.records).toHaveLength(1);
    expect(() => fixture.standIn.onRecords(tunnels.tableName, async () => undefined)).toThrow('with a stream');
  });
});
