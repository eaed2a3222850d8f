import { attributeRowsOf, type DeviceRow, deviceBucketOf } from '../adapters/dynamodb/device-row.ts';
import { newDevice } from '../core/model/device-hello.ts';
import type { DynamoDbStandIn } from '../local/dynamodb/dynamodb.ts';

/** DynamoDB takes so many puts at once. */
const batchSize = 25;
const sites = 100;

export const deviceIdOf = (index: number): string => `pump-${String(index).padStart(6, '0')}`;

/** Puts so many devices with an attribute `site` (100 values) into the table, past API and permissions. */
export async function seedFleet(dynamodb: DynamoDbStandIn, table: string, count: number): Promise<void> {
  let batch: object[] = [];
  const flush = async () => {
    const requests = batch;
    batch = [];
    const { status } = await dynamodb.call('BatchWriteItem', { RequestItems: { [table]: requests } });
    if (status !== 200) throw new Error(`the table took no rows: ${status}`);
  };
  for (let index = 0; index < count; index += 1) {
    for (const row of rowsOf(index)) batch.push({ PutRequest: { Item: itemOf(row) } });
    if (batch.length > batchSize - 2) await flush();
  }
  if (batch.length > 0) await flush();
}

function rowsOf(index: number): readonly object[] {
  const id = deviceIdOf(index);
  const device = {
    ...newDevice(id),
    clientId: id,
    agentVersion: '0.1.0',
    services: [{ name: 'ssh', scheme: 'ssh', port: 22 } as const],
    attributes: { site: `s${index % sites}` },
    helloAt: 1_795_000_000_000 + index,
  };
  const row: DeviceRow = { ...device, bucket: deviceBucketOf(id), revision: 1 };
  return [row, ...attributeRowsOf(device, 1)];
}

/** As DynamoDB writes values down ("AttributeValue"). */
function attributeOf(value: unknown): object {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  return { M: itemOf(value as object) };
}

const itemOf = (row: object): object =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, attributeOf(value)]));
