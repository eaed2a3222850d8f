import db from 'dynalite/db/index.js';
import type { Item } from './item.ts';
import { type KeyRange, SortedMap } from './sorted-map.ts';
import type { IndexDefinition, TableDefinition } from './table-definition.ts';

/** What dynalite reads of a table. */
export type Schema = {
  readonly TableName: string;
  readonly TableStatus: 'ACTIVE';
  readonly KeySchema: TableDefinition['keySchema'];
  readonly AttributeDefinitions: TableDefinition['attributeDefinitions'];
  readonly GlobalSecondaryIndexes?: readonly IndexDefinition[];
  readonly LocalSecondaryIndexes?: readonly IndexDefinition[];
};

const attributesOf = (schema: TableDefinition['keySchema']): readonly string[] =>
  schema.map(({ AttributeName }) => AttributeName);

/**
 * One index: its sort key and nothing else. Rows are projected from the table when they are read, so an index can
 * never disagree with its table. dynalite's own index keys end in 24 bits of a hash of the table key: of 60,000 rows
 * under one index key about a hundred would overwrite each other. Ours end in the table key itself.
 */
export class SecondaryIndex {
  readonly definition: IndexDefinition;
  readonly local: boolean;
  readonly #schema: Schema;
  readonly #keyAttributes: readonly string[];
  readonly #projected: ReadonlySet<string> | undefined;
  readonly #rows = new SortedMap<string>();

  constructor(definition: IndexDefinition, schema: Schema, local: boolean) {
    this.definition = definition;
    this.local = local;
    this.#schema = schema;
    this.#keyAttributes = attributesOf(definition.KeySchema);
    const { ProjectionType, NonKeyAttributes = [] } = definition.Projection;
    this.#projected =
      ProjectionType === 'ALL'
        ? undefined
        : new Set([...this.#keyAttributes, ...attributesOf(schema.KeySchema), ...NonKeyAttributes]);
  }

  /** An item stands in the index only while it has all of the index's key attributes. */
  replace(itemKey: string, before: Item | undefined, after: Item | undefined): void {
    const from = before && this.#keyOf(before, itemKey);
    const to = after && this.#keyOf(after, itemKey);
    if (from === to) return;
    if (from !== undefined) this.#rows.delete(from);
    if (to !== undefined) this.#rows.set(to, itemKey);
  }

  /** The table keys of the rows in a range of index keys, in index order. */
  *itemKeys(range: KeyRange): Generator<string> {
    for (const [, itemKey] of this.#rows.entries(range)) yield itemKey;
  }

  /** The index key of a row, from a page's `ExclusiveStartKey`, which has the index's and the table's key. */
  startKey(start: Item): string {
    return db.createKey(start, this.#schema, this.definition.KeySchema) + db.createKey(start, this.#schema);
  }

  project(item: Item): Item {
    const projected = this.#projected;
    if (projected === undefined) return item;
    return Object.fromEntries(Object.entries(item).filter(([name]) => projected.has(name)));
  }

  /** Of these attributes, the ones that the index does not have. */
  missing(attributes: readonly string[]): readonly string[] {
    return attributes.filter((name) => this.#projected?.has(name) === false);
  }

  #keyOf(item: Item, itemKey: string): string | undefined {
    if (this.#keyAttributes.some((name) => item[name] === undefined)) return undefined;
    return db.createKey(item, this.#schema, this.definition.KeySchema) + itemKey;
  }
}
