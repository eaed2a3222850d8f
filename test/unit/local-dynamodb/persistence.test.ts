import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type DynamoDbStandIn, startDynamoDb } from '../../../local/dynamodb/dynamodb.ts';
import { claims, collectRecords, tunnels } from './fixture.ts';

describe('with a directory', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'sallyport-dynamodb-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  const put = async (standIn: DynamoDbStandIn, id: string, fields = {}): Promise<void> => {
    const answer = await standIn.call('PutItem', {
      TableName: tunnels.tableName,
      Item: { id: { S: id }, device: { S: 'pump' }, endsAt: { N: '1' }, ...fields },
    });
    expect(answer.status).toBe(200);
  };
  const byDevice = async (standIn: DynamoDbStandIn, IndexName = 'by-device') =>
    (
      await standIn.call('Query', {
        TableName: tunnels.tableName,
        IndexName,
        KeyConditionExpression: 'device = :d',
        ExpressionAttributeValues: { ':d': { S: 'pump' } },
        Select: 'COUNT',
      })
    ).body;

  test('rows, indexes, TTL and the table itself outlive a restart', async () => {
    const definition = { ...tunnels, ttlAttribute: 'purgeAt', stream: 'NEW_IMAGE' } as const;
    const first = await startDynamoDb({ path });
    await first.createTable(definition);
    await put(first, 't-1', { purgeAt: { N: '100' } });
    await put(first, 't-2');
    await first.call('DeleteItem', { TableName: tunnels.tableName, Key: { id: { S: 't-2' } } });
    await put(first, 't-3');
    const before = (await first.call('DescribeTable', { TableName: tunnels.tableName })).body;
    await first.close();
    expect((await first.call('ListTables', {})).status).toBe(500);

    const second = await startDynamoDb({ path });
    await second.createTable(definition);
    expect((await second.call('DescribeTable', { TableName: tunnels.tableName })).body).toEqual(before);
    expect(await byDevice(second)).toMatchObject({ Count: 2 });
    const { records, until } = collectRecords(second, tunnels.tableName);
    expect(await second.expire(200)).toBe(1);
    await until(1);
    expect(records[0]?.dynamodb.Keys).toEqual({ id: { S: 't-1' } });
    await second.close();
  });

  test('a changed definition keeps the rows and fills a new index; another key is refused', async () => {
    const first = await startDynamoDb({ path });
    await first.createTable({
      ...tunnels,
      globalSecondaryIndexes: [],
      attributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    });
    await put(first, 't-1');
    await first.createTable(tunnels);
    expect(await byDevice(first)).toMatchObject({ Count: 1 });
    await first.close();
    const second = await startDynamoDb({ path });
    expect(await byDevice(second)).toMatchObject({ Count: 1 });
    await expect(second.createTable({ ...claims, tableName: tunnels.tableName })).rejects.toThrow('another key');
    await second.close();
  });

  test('a deleted table leaves nothing behind', async () => {
    const first = await startDynamoDb({ path });
    await first.createTable(tunnels);
    await put(first, 't-1');
    await first.call('DeleteTable', { TableName: tunnels.tableName });
    await first.close();
    const second = await startDynamoDb({ path });
    await second.createTable(tunnels);
    expect(await byDevice(second)).toMatchObject({ Count: 0 });
    await second.close();
  });

  test('a directory in use is refused with a reason', async () => {
    const first = await startDynamoDb({ path });
    await expect(startDynamoDb({ path })).rejects.toThrow(`Cannot open the DynamoDB stand-in's directory ${path}`);
    await first.close();
  });

  test('after kill -9 every acknowledged row is there, and every transaction is whole', async () => {
    const writer = join(import.meta.dirname, 'writer.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const acknowledged: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (acknowledged.push(Number(line)) === 500) child.kill('SIGKILL');
    }
    await exited;
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    const standIn = await startDynamoDb({ path });
    const { body } = await standIn.call('Scan', { TableName: claims.tableName });
    const { Items } = body as { readonly Items: readonly { readonly port: { readonly N: string } }[] };
    const rows = new Map<number, number>();
    for (const { port } of Items) rows.set(Number(port.N), (rows.get(Number(port.N)) ?? 0) + 1);
    expect(acknowledged.filter((n) => rows.get(n) !== 2)).toEqual([]);
    expect([...rows.values()].filter((count) => count !== 2)).toEqual([]);
    await standIn.close();
  });
});
