// The parts of dynalite 4 that the stand-in calls in process: its request checks, its expression parser and its
// single-item actions. dynalite ships no types; these were read from its source.

declare module 'dynalite/db/index.js' {
  import type { AttributeValue } from 'aws-lambda';

  type Item = Readonly<Record<string, AttributeValue>>;
  type KeySchema = readonly { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' }[];
  type Failure = Error & { readonly statusCode?: number; readonly body?: Readonly<Record<string, unknown>> };
  type KeyedTable = {
    readonly KeySchema: KeySchema;
    readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
  };

  const db: {
    /** The sort-preserving text of an item's key in a table, or in an index when its schema is given. */
    createKey(item: Item, table: KeyedTable, keySchema?: KeySchema): string;
    /** A failure when the key does not fit the table, else null or undefined. */
    validateKey(key: Item, table: KeyedTable): Failure | null | undefined;
    /** A failure when the request's condition does not hold for the item, else null or undefined. */
    checkConditional(request: object, existing: Item | undefined): Failure | null | undefined;
    /** Bytes, as DynamoDB counts them. */
    itemSize(item: Item): number;
    /** With a path: a LevelDB directory (classic-level). Opens on first use or by `open()`. */
    create(options: { readonly path: string }): { readonly db: LevelFile };
  };
  type LevelFile = {
    open(): Promise<void>;
    batch(
      operations: readonly (
        | { readonly type: 'put'; readonly key: string; readonly value: string; readonly valueEncoding: 'utf8' }
        | { readonly type: 'del'; readonly key: string }
      )[],
    ): Promise<void>;
    iterator(options: { readonly valueEncoding: 'utf8' }): AsyncIterable<[key: string, value: string]>;
    close(): Promise<void>;
  };
  export = db;
}

declare module 'dynalite/validations/index.js' {
  const validations: {
    /** A copy with the known fields only; throws a failure on a field of a wrong JSON type. */
    checkTypes(request: Record<string, unknown>, types: object): Record<string, unknown>;
    /** Throws a ValidationException, else leaves the parsed expressions as `_condition`, `_updates`, ... */
    checkValidations(request: object, types: object, custom: unknown, store: object): void;
  };
  export = validations;
}

declare module 'dynalite/validations/*' {
  const rules: { readonly types: Readonly<Record<string, unknown>>; readonly custom?: unknown };
  export = rules;
}

declare module 'dynalite/actions/*' {
  const action: (
    store: object,
    request: Record<string, unknown>,
    done: (error: Error | null | undefined, result?: Record<string, unknown>) => void,
  ) => void;
  export = action;
}
