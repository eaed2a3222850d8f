import { isRequest, type Request } from './checks.ts';
import { Database } from './database.ts';
import { sweepExpired } from './expiry-sweep.ts';
import { isItemOperation, runItemOperation } from './item-operations.ts';
import { memoryJournal, openJournal } from './journal.ts';
import type { RecordListener } from './record-delivery.ts';
import { type Answer, answerOf, Refusal } from './refusal.ts';
import { RequestTokens } from './request-tokens.ts';
import { checkDefinition, type TableDefinition } from './table-definition.ts';
import { tableOperations } from './table-operations.ts';
import { transactGet } from './transact-get.ts';
import { transactWrite } from './transact-write.ts';

export type { StreamRecord } from './change-record.ts';
export type { TableDefinition } from './table-definition.ts';

export type DynamoDbOptions = {
  /** A directory for the state, so that it survives a restart; without one all is in memory. */
  readonly path?: string;
  /** Milliseconds between sweeps of expired rows; without it only `expire()` deletes any. */
  readonly ttlSweepMs?: number;
  /** How long a sweep leaves a row after it expired, seconds; AWS takes up to two days. Default 0. */
  readonly ttlLatenessSeconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told what no caller can be told: a listener or a sweep that failed. Default: a process warning. */
  readonly onFault?: (fault: Error) => void;
  readonly region?: string;
  readonly account?: string;
};

export type DynamoDbStandIn = {
  /**
   * One request: the operation's name, such as `PutItem` from `X-Amz-Target: DynamoDB_20120810.PutItem`, and its
   * parsed JSON body, which must not be used afterwards. Refusals are answers, with DynamoDB's own types and texts;
   * it never rejects. Whether the caller may do this is decided before.
   */
  call(operation: string, body: unknown): Promise<Answer>;
  /**
   * A kept table with this definition stays as it is. A changed definition with the same key keeps its rows.
   * @throws when the definition is not valid, or the kept table has another key
   */
  createTable(definition: TableDefinition): Promise<void>;
  /**
   * Change records of a table from now on, in the order of the writes, one batch at a time. The listener retries by
   * itself. Returns the way to stop.
   * @throws when there is no such table or it has no stream
   */
  onRecords(tableName: string, listener: RecordListener): () => void;
  /** Deletes the rows that expired by `now` (epoch seconds); resolves to their number. */
  expire(now: number): Promise<number>;
  close(): Promise<void>;
};

/** An in-process DynamoDB: dynalite's checks, expressions and actions over a store of our own. */
export const startDynamoDb = async (options: DynamoDbOptions = {}): Promise<DynamoDbStandIn> => {
  const { path, ttlSweepMs, ttlLatenessSeconds = 0, now = Date.now } = options;
  const { region = 'us-east-1', account = '000000000000' } = options;
  const { onFault = (fault: Error) => process.emitWarning(fault) } = options;
  const journal = path === undefined ? memoryJournal : await openJournal(path);
  const database = await Database.load(journal, { place: { region, account }, now, onFault });
  const tokens = new RequestTokens();
  let closed = false;

  const perform = async (operation: string, body: Request): Promise<unknown> => {
    const tableOperation = tableOperations.get(operation);
    if (tableOperation !== undefined) return tableOperation(database, body);
    const { result, writes } = runItems(operation, body);
    if (writes.length > 0) await database.commit(writes);
    return result;
  };

  const runItems = (operation: string, body: Request) => {
    if (isItemOperation(operation)) return runItemOperation(database.tables, operation, body);
    if (operation === 'TransactGetItems') return transactGet(database.tables, body);
    if (operation !== 'TransactWriteItems') throw new Refusal('UnknownOperationException');
    const run = () => transactWrite(database.tables, body);
    const token = body.ClientRequestToken;
    if (typeof token !== 'string') return run();
    return tokens.runOnce(token, body.TransactItems ?? null, { now: now(), run }) ?? { result: {}, writes: [] };
  };

  const sweep = (): Promise<number> => sweepExpired(database, Math.floor(now() / 1000) - ttlLatenessSeconds);
  let sweeping: Promise<unknown> | undefined;
  const timer =
    ttlSweepMs === undefined
      ? undefined
      : setInterval(() => {
          sweeping ??= sweep()
            .catch((error: unknown) => onFault(new Error('The TTL sweep failed', { cause: error })))
            .finally(() => {
              sweeping = undefined;
            });
        }, ttlSweepMs);
  timer?.unref();

  return {
    call: async (operation, body) => {
      try {
        if (closed) throw new Error('it is closed');
        if (!isRequest(body)) throw new Refusal('SerializationException');
        return { status: 200, body: await perform(operation, body) };
      } catch (error) {
        return answerOf(error);
      }
    },
    createTable: async (definition) => {
      checkDefinition(definition);
      await database.ensureTable(definition);
    },
    onRecords: (tableName, listener) => {
      if (database.tables.get(tableName)?.record.definition.stream === undefined) {
        throw new Error(`There is no table ${tableName} with a stream`);
      }
      return database.delivery.subscribe(tableName, listener);
    },
    expire: (at) => sweepExpired(database, at),
    close: async () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      await sweeping;
      await database.close();
    },
  };
};
