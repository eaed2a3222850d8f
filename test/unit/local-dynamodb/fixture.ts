import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type DynamoDbOptions, type DynamoDbStandIn, startDynamoDb } from '../../../local/dynamodb/dynamodb.ts';
import { serveDynamoDb } from '../../../local/dynamodb/server.ts';
import type { TableDefinition } from '../../../local/dynamodb/table-definition.ts';

export const claims: TableDefinition = {
  tableName: 'PortClaims',
  keySchema: [
    { AttributeName: 'port', KeyType: 'HASH' },
    { AttributeName: 'space', KeyType: 'RANGE' },
  ],
  attributeDefinitions: [
    { AttributeName: 'port', AttributeType: 'N' },
    { AttributeName: 'space', AttributeType: 'S' },
  ],
  ttlAttribute: 'purgeAt',
  stream: 'NEW_AND_OLD_IMAGES',
};

export const tunnels: TableDefinition = {
  tableName: 'Tunnels',
  keySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  attributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'device', AttributeType: 'S' },
    { AttributeName: 'endsAt', AttributeType: 'N' },
  ],
  globalSecondaryIndexes: [
    {
      IndexName: 'by-device',
      KeySchema: [
        { AttributeName: 'device', KeyType: 'HASH' },
        { AttributeName: 'endsAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['state'] },
    },
  ],
};

/** The stand-in behind its server, with an unmodified SDK client that does not retry. */
export const startFixture = async (options: DynamoDbOptions = {}, tables: readonly TableDefinition[] = [claims]) => {
  const standIn = await startDynamoDb(options);
  for (const table of tables) await standIn.createTable(table);
  const server = await serveDynamoDb(standIn);
  const client = clientOf(server.url);
  return {
    standIn,
    client,
    url: server.url,
    close: async (): Promise<void> => {
      client.destroy();
      await server.close();
      await standIn.close();
    },
  };
};

export type Fixture = Awaited<ReturnType<typeof startFixture>>;

export const clientOf = (url: string): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

/** Collects a table's records, and lets a test wait until there are so many. */
export const collectRecords = (standIn: DynamoDbStandIn, tableName: string) => {
  const records: Parameters<Parameters<DynamoDbStandIn['onRecords']>[1]>[0][number][] = [];
  let waiting: { readonly count: number; readonly done: () => void } | undefined;
  const stop = standIn.onRecords(tableName, async (batch) => {
    records.push(...batch);
    if (waiting !== undefined && records.length >= waiting.count) waiting.done();
  });
  const until = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (records.length >= count) resolve();
      else waiting = { count, done: resolve };
    });
  return { records, until, stop };
};
