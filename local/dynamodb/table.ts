import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import db from 'dynalite/db/index.js';
import { ExpiryIndex } from './expiry-index.ts';
import type { Item } from './item.ts';
import { Refusal } from './refusal.ts';
import { type Schema, SecondaryIndex } from './secondary-index.ts';
import { type KeyRange, SortedMap } from './sorted-map.ts';
import { normalised, type TableDefinition } from './table-definition.ts';

/** One row as it was and as it is; absent means no such row. */
export type Change = {
  readonly table: Table;
  readonly key: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  /** `after` as it is kept. */
  readonly text: string | undefined;
};

/** What is kept of a table beside its rows. */
export type TableRecord = {
  readonly definition: TableDefinition;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
};

const schemaOf = (definition: TableDefinition): Schema => ({
  TableName: definition.tableName,
  TableStatus: 'ACTIVE',
  KeySchema: definition.keySchema,
  AttributeDefinitions: definition.attributeDefinitions,
  ...(definition.globalSecondaryIndexes && { GlobalSecondaryIndexes: definition.globalSecondaryIndexes }),
  ...(definition.localSecondaryIndexes && { LocalSecondaryIndexes: definition.localSecondaryIndexes }),
});

const indexesOf = (definition: TableDefinition, schema: Schema): readonly SecondaryIndex[] => [
  ...(definition.globalSecondaryIndexes ?? []).map((index) => new SecondaryIndex(index, schema, false)),
  ...(definition.localSecondaryIndexes ?? []).map((index) => new SecondaryIndex(index, schema, true)),
];

/**
 * A table's rows with everything that follows from them. Rows are kept as JSON text: a third of the memory of the
 * objects, and nobody can change a row by holding on to one.
 */
export class Table {
  readonly record: TableRecord;
  readonly schema: Schema;
  readonly indexes: readonly SecondaryIndex[];
  readonly expiries: ExpiryIndex;
  readonly #rows: SortedMap<string>;

  constructor(record: TableRecord, rows = new SortedMap<string>()) {
    this.record = record;
    this.#rows = rows;
    this.schema = schemaOf(record.definition);
    this.indexes = indexesOf(record.definition, this.schema);
    this.expiries = new ExpiryIndex(record.definition.ttlAttribute);
    for (const [key, text] of rows.entries()) this.#follow(key, undefined, JSON.parse(text));
  }

  static create(definition: TableDefinition, now: number): Table {
    return new Table({ definition: normalised(definition), id: randomUUID(), createdAt: now });
  }

  /** The same rows under another definition; the old object must not be used afterwards. */
  redefined(definition: TableDefinition): Table {
    return new Table({ ...this.record, definition: normalised(definition) }, this.#rows);
  }

  get name(): string {
    return this.record.definition.tableName;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): Item | undefined {
    const text = this.#rows.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  index(name: string): SecondaryIndex | undefined {
    return this.indexes.find(({ definition }) => definition.IndexName === name);
  }

  keyOf(item: Item): string {
    return db.createKey(item, this.schema);
  }

  /** Rows in key order, parsed one by one as they are asked for. */
  *items(range: KeyRange = {}): Generator<Item> {
    for (const [, text] of this.#rows.entries(range)) yield JSON.parse(text);
  }

  *keys(): Generator<string> {
    for (const [key] of this.#rows.entries()) yield key;
  }

  /** Puts the row, or removes it, with all its index entries; undefined when nothing changed by it. */
  replace(key: string, after: Item | undefined): Change | undefined {
    const text = after === undefined ? undefined : JSON.stringify(after);
    const old = this.#rows.get(key);
    if (text === old) return undefined;
    const before = old === undefined ? undefined : JSON.parse(old);
    // The same attributes in another order are no change, and a write without a change leaves no stream record.
    if (text?.length === old?.length && text !== undefined && isDeepStrictEqual(before, JSON.parse(text)))
      return undefined;
    if (text === undefined) this.#rows.delete(key);
    else this.#rows.set(key, text);
    this.#follow(key, before, after);
    return { table: this, key, before, after, text };
  }

  /**
   * Why an index cannot hold this row, if so. dynalite checks the types in the request; it does not see the type of a
   * value that an update copies from another attribute, nor an empty text, which no key may be.
   */
  indexRefusal(item: Item): Refusal | undefined {
    for (const { definition } of this.indexes) {
      for (const { AttributeName } of definition.KeySchema) {
        const value = item[AttributeName];
        if (value === undefined) continue;
        const wanted = this.schema.AttributeDefinitions.find((one) => one.AttributeName === AttributeName);
        const [[type, content] = []] = Object.entries(value);
        const where = `IndexName: ${definition.IndexName}`;
        if (type !== wanted?.AttributeType) {
          return new Refusal(
            'ValidationException',
            `One or more parameter values were invalid: Type mismatch for Index Key ${AttributeName} Expected: ${wanted?.AttributeType} Actual: ${type} ${where}`,
          );
        }
        if (content === '') {
          return new Refusal(
            'ValidationException',
            `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. ${where}, IndexKey: ${AttributeName}`,
          );
        }
      }
    }
    return undefined;
  }

  #follow(key: string, before: Item | undefined, after: Item | undefined): void {
    for (const index of this.indexes) index.replace(key, before, after);
    this.expiries.replace(key, before, after);
  }
}
