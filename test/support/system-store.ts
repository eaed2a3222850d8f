import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { createDynamoClient } from '../../adapters/dynamodb/client.ts';
import type { AuditRecord } from '../../core/model/audit-record.ts';
import { type TableNoun, tableVariable } from '../../core/names.ts';
import { serveDynamoDb } from '../../local/dynamodb/server.ts';
import type { LocalSystem } from '../../local/system/system.ts';
import { eventually } from './eventually.ts';

type Row = Readonly<Record<string, unknown>>;

/** The tables of a running system with nobody's policy between: what somebody sees and does who owns the account. */
export interface SystemStore {
  rows<Kind extends object = Row>(noun: TableNoun): Promise<readonly Kind[]>;
  put(noun: TableNoun, row: object): Promise<void>;
  remove(noun: TableNoun, key: object): Promise<void>;
  /** The newest audit record that has these parts; waits until it is written. */
  record(parts: Partial<AuditRecord>): Promise<AuditRecord>;
  tableName(noun: TableNoun): string;
  close(): Promise<void>;
}

export async function openSystemStore({ plane }: LocalSystem): Promise<SystemStore> {
  const names = new Map(plane.functions.all().flatMap(({ environment }) => Object.entries(environment)));
  const server = await serveDynamoDb(plane.dynamodb);
  const client: DynamoDBDocumentClient = createDynamoClient({
    endpoint: server.url,
    region: plane.place.region,
    credentials: { accessKeyId: 'owner', secretAccessKey: 'owner' },
  });
  const tableName = (noun: TableNoun): string => {
    const name = names.get(tableVariable(noun));
    if (name === undefined) throw new Error(`no function is told of the table ${noun}`);
    return name;
  };
  const rows = async <Kind extends object>(noun: TableNoun): Promise<readonly Kind[]> => {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName(noun) }));
    return Items as Kind[];
  };

  return {
    rows,
    tableName,
    async put(noun, row) {
      await client.send(new PutCommand({ TableName: tableName(noun), Item: row }));
    },
    async remove(noun, key) {
      await client.send(new DeleteCommand({ TableName: tableName(noun), Key: key }));
    },
    record: (parts) =>
      eventually(
        async () => {
          const found = (await rows<AuditRecord>('audit')).filter((row) =>
            Object.entries(parts).every(([name, value]) => row[name as keyof AuditRecord] === value),
          );
          return found.sort((one, other) => other.at - one.at)[0];
        },
        `an audit record ${JSON.stringify(parts)}`,
      ),
    async close() {
      client.destroy();
      await server.close();
    },
  };
}
