import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import { type TableNoun, tables } from '../../core/names.ts';
import { startDynamoDb } from '../../local/dynamodb/dynamodb.ts';
import { serveDynamoDb } from '../../local/dynamodb/server.ts';
import { tableDefinitions } from './tables.ts';

/** The stand-in over HTTP with all tables in it, and the client that the product uses. */
export const startTables = async () => {
  const standIn = await startDynamoDb();
  for (const definition of Object.values(tableDefinitions)) await standIn.createTable(definition);
  const server = await serveDynamoDb(standIn);
  const client = createDynamoClient({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return {
    standIn,
    client,
    url: server.url,
    options: (noun: TableNoun) => ({ client, table: tables[noun] }),
    async close(): Promise<void> {
      client.destroy();
      await server.close();
      await standIn.close();
    },
  };
};
export type Tables = Awaited<ReturnType<typeof startTables>>;
