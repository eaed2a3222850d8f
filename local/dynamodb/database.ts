import { changeRecord, type StreamRecord } from './change-record.ts';
import type { Journal, JournalEntry } from './journal.ts';
import { RecordDelivery } from './record-delivery.ts';
import { SortedMap } from './sorted-map.ts';
import type { Write } from './store-view.ts';
import { type Change, Table, type TableRecord } from './table.ts';
import { keyIdentity, normalised, type TableDefinition } from './table-definition.ts';

/** Which account and Region the ARNs name. */
export type Place = { readonly region: string; readonly account: string };

export type DatabaseOptions = {
  readonly place: Place;
  readonly now: () => number;
  readonly onFault: (fault: Error) => void;
};

export const tableArn = ({ region, account }: Place, name: string): string =>
  `arn:aws:dynamodb:${region}:${account}:table/${name}`;

/** A stream's label is the time it was made; here that is the table's. */
export const streamLabel = (table: Table): string => new Date(table.record.createdAt).toISOString().replace('Z', '');

export const streamArn = (place: Place, table: Table): string =>
  `${tableArn(place, table.name)}/stream/${streamLabel(table)}`;

const tablePrefix = 'table~';

/** `~` sorts after every character of a table name, and stands in none. */
const rowKey = (tableName: string, key: string): string => `item~${tableName}~${key}`;

/**
 * The tables. Memory is what is read; the journal follows, and a write is answered only after it. A write happens
 * whole within one turn of the event loop, which is what makes every conditional write and transaction exclusive.
 */
export class Database {
  readonly place: Place;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly delivery: RecordDelivery;
  readonly #tables: Map<string, Table>;
  readonly #journal: Journal;
  #sequence = 0;

  private constructor(journal: Journal, tables: Map<string, Table>, options: DatabaseOptions) {
    this.#journal = journal;
    this.#tables = tables;
    this.place = options.place;
    this.now = options.now;
    this.delivery = new RecordDelivery(options.onFault);
  }

  /** With the tables and rows that the journal kept. */
  static async load(journal: Journal, options: DatabaseOptions): Promise<Database> {
    const records: TableRecord[] = [];
    const rows = new Map<string, SortedMap<string>>();
    for await (const [name, text] of journal.entries()) {
      if (name.startsWith(tablePrefix)) {
        records.push(JSON.parse(text));
        continue;
      }
      const [, tableName = '', ...rest] = name.split('~');
      const kept = rows.get(tableName) ?? new SortedMap<string>();
      kept.set(rest.join('~'), text);
      rows.set(tableName, kept);
    }
    const tables = records.map((record) => new Table(record, rows.get(record.definition.tableName)));
    return new Database(journal, new Map(tables.map((table) => [table.name, table])), options);
  }

  get tables(): ReadonlyMap<string, Table> {
    return this.#tables;
  }

  /** Applies the writes at once, all of them; resolves when they are kept and their records are on their way. */
  commit(writes: readonly Write[], options: { readonly expired?: boolean } = {}): Promise<void> {
    const changes = writes.flatMap(({ table, key, item }) => table.replace(key, item) ?? []);
    if (changes.length === 0) return Promise.resolve();
    const entries = changes.map(({ table, key, text }) => ({ key: rowKey(table.name, key), text }));
    const records = changes.flatMap((change) => this.#record(change, options.expired === true));
    return this.#journal.append(entries).then(() => {
      for (const { tableName, record } of records) this.delivery.publish(tableName, [record]);
    });
  }

  /**
   * Makes a table, or keeps the one there is. A changed definition with the same key takes over the rows.
   * @throws when the key differs from the kept table's, for its rows could not be found again.
   */
  ensureTable(definition: TableDefinition): Promise<void> {
    const kept = this.#tables.get(definition.tableName);
    if (kept === undefined) return this.#keep(Table.create(definition, this.now()));
    if (keyIdentity(kept.record.definition) !== keyIdentity(definition)) {
      throw new Error(
        `Table ${definition.tableName} is kept with another key. Remove the local state's directory to start afresh.`,
      );
    }
    const same = JSON.stringify(kept.record.definition) === JSON.stringify(normalised(definition));
    return same ? Promise.resolve() : this.#keep(kept.redefined(definition));
  }

  /** The same table with another TTL attribute, or none. */
  setTtl(table: Table, ttlAttribute: string | undefined): Promise<void> {
    return this.#keep(table.redefined({ ...table.record.definition, ttlAttribute }));
  }

  dropTable(table: Table): Promise<void> {
    this.#tables.delete(table.name);
    const entries: JournalEntry[] = [{ key: tablePrefix + table.name, text: undefined }];
    for (const key of table.keys()) entries.push({ key: rowKey(table.name, key), text: undefined });
    return this.#journal.append(entries);
  }

  /** Waits for what is being written, and stops handing out records. */
  async close(): Promise<void> {
    await this.#journal.close();
    this.delivery.close();
  }

  #keep(table: Table): Promise<void> {
    this.#tables.set(table.name, table);
    return this.#journal.append([{ key: tablePrefix + table.name, text: JSON.stringify(table.record) }]);
  }

  #record(change: Change, expired: boolean): readonly { tableName: string; record: StreamRecord }[] {
    const { table } = change;
    const view = table.record.definition.stream;
    if (view === undefined) return [];
    const now = this.now();
    // From the clock, so that numbers go on growing after a restart.
    this.#sequence = Math.max(this.#sequence + 1, now * 1000);
    const { region } = this.place;
    const context = { view, region, streamArn: streamArn(this.place, table), sequence: this.#sequence, now, expired };
    return [{ tableName: table.name, record: changeRecord(change, context) }];
  }
}
