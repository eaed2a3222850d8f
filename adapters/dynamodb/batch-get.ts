import { setTimeout as pause } from 'node:timers/promises';
import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { SallyportError } from '../../core/errors.ts';
import { translated } from './errors.ts';

type Key = Readonly<Record<string, string | number>>;

/** The service takes so many keys at once. */
const batchSize = 100;
/** With pauses of 25 to 400 ms between them. */
const tries = 6;

const textOf = (key: Key, like: Key): string => JSON.stringify(Object.keys(like).map((name) => key[name]));

/** Consistent reads of many rows, in the order of the keys. Keys that the service leaves unprocessed are asked for again. */
export const batchGet = async <Row extends object>(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly Key[],
): Promise<readonly Row[]> => {
  const [first] = keys;
  if (first === undefined) return [];
  const unique = new Map(keys.map((key) => [textOf(key, first), key]));
  const all = [...unique.values()];
  const batches = Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) =>
    all.slice(index * batchSize, (index + 1) * batchSize),
  );
  const rows = (await Promise.all(batches.map((batch) => readBatch(client, table, batch)))).flat();
  const found = new Map(rows.map((row) => [textOf(row as Key, first), row as Row]));
  return [...unique.keys()].flatMap((text) => found.get(text) ?? []);
};

const readBatch = async (client: DynamoDBDocumentClient, table: string, batch: readonly Key[]): Promise<unknown[]> => {
  const rows: unknown[] = [];
  let left: readonly Key[] = batch;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (attempt > 0) await pause(25 * 2 ** (attempt - 1));
    const command = new BatchGetCommand({ RequestItems: { [table]: { Keys: [...left], ConsistentRead: true } } });
    const { Responses, UnprocessedKeys } = await translated(client.send(command));
    rows.push(...(Responses?.[table] ?? []));
    left = (UnprocessedKeys?.[table]?.Keys ?? []) as Key[];
    if (left.length === 0) return rows;
  }
  throw new SallyportError('unavailable', { detail: 'the table left keys unread' });
};
