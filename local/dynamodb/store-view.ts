import { Stream } from 'node:stream';
import type { Item } from './item.ts';
import { Refusal } from './refusal.ts';
import type { SecondaryIndex } from './secondary-index.ts';
import type { KeyRange } from './sorted-map.ts';
import type { Table } from './table.ts';

/** A row to put, or to remove when there is no item. */
export type Write = { readonly table: Table; readonly key: string; readonly item: Item | undefined };

type Done<T> = (error: unknown, value?: T) => void;

const notFound = Object.assign(new Error('NotFoundError'), { name: 'NotFoundError' });

/** Largest item, in bytes (DynamoDB's own limit). */
const maxItemSize = 400 * 1024;

/**
 * What one of dynalite's actions sees as its database, for one call. Everything answers at once, so an action has run
 * to its end before the next request is looked at: no two calls ever interleave, and no lock is needed. Writes are
 * kept aside. The caller applies them, or drops them when another part of the same transaction refuses. No call writes
 * a row twice, so reads need not see them.
 */
export class StoreView {
  readonly options = { maxItemSize };
  readonly writes: Write[] = [];
  readonly #tables: ReadonlyMap<string, Table>;
  readonly #start: Item | undefined;
  readonly #whole: boolean;
  #pump: (() => void) | undefined;

  /** @param page of a Query or Scan: where it goes on, and whether a local index shall give whole items. */
  constructor(
    tables: ReadonlyMap<string, Table>,
    page: { readonly start?: Item | undefined; readonly whole?: boolean } = {},
  ) {
    this.#tables = tables;
    this.#start = page.start;
    this.#whole = page.whole === true;
  }

  getTable(name: string, ...rest: [Done<Table['schema']>] | [checkStatus: boolean, Done<Table['schema']>]): void {
    const table = this.#tables.get(name);
    const done = rest[rest.length - 1] as Done<Table['schema']>;
    if (table === undefined) {
      done(new Refusal('ResourceNotFoundException', 'Requested resource not found'));
      return;
    }
    done(null, table.schema);
  }

  getItemDb(name: string): object {
    const table = this.#table(name);
    return {
      lock: (_key: string, run: (release: <F>(done: F) => F) => void): void => run((done) => done),
      get: (key: string, done: Done<Item>): void => {
        const item = table.get(key);
        if (item === undefined) done(notFound);
        else done(null, item);
      },
      put: (key: string, item: Item, done: Done<void>): void => {
        const refusal = table.indexRefusal(item);
        if (refusal === undefined) this.writes.push({ table, key, item });
        done(refusal ?? null);
      },
      del: (key: string, done: Done<void>): void => {
        this.writes.push({ table, key, item: undefined });
        done(null);
      },
      createValueStream: (range: KeyRange): Stream => this.#stream(table.items(range)),
    };
  }

  /** Indexes follow their table by themselves, so dynalite's writes to them go nowhere. */
  getIndexDb(_kind: string, tableName: string, indexName: string): object {
    const ignore = (...call: readonly unknown[]): void => (call.at(-1) as Done<void>)(null);
    return {
      put: ignore,
      del: ignore,
      createValueStream: (range: KeyRange): Stream => {
        const table = this.#table(tableName);
        const index = table.index(indexName);
        return this.#stream(index === undefined ? [] : this.#indexRows(table, index, range));
      },
    };
  }

  /** Lets the rows of a Query or Scan flow, once dynalite has its listeners in place. */
  pump(): void {
    this.#pump?.();
  }

  *#indexRows(table: Table, index: SecondaryIndex, range: KeyRange): Generator<Item> {
    const start = this.#start && index.startKey(this.#start);
    // dynalite put its own, ambiguous text of the start key into the range.
    const from = start === undefined ? {} : range.reverse === true ? { lt: start } : { gt: start };
    for (const key of index.itemKeys({ ...range, ...from })) {
      const item = table.get(key);
      if (item !== undefined) yield this.#whole ? item : index.project(item);
    }
  }

  /** The old kind of stream: 'data' events, and `destroy()` when enough has come. */
  #stream(rows: Iterable<Item>): Stream {
    let open = true;
    const stream = Object.assign(new Stream(), {
      destroy: (): void => {
        open = false;
      },
    });
    this.#pump = () => {
      for (const row of rows) {
        if (!open) break;
        stream.emit('data', row);
      }
      stream.emit('end');
    };
    return stream;
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Refusal('ResourceNotFoundException', 'Requested resource not found');
    return table;
  }
}
