/** Losing a race is an answer, not an exception. `row` is what the winner left, where the store can tell. */
export type Outcome<Row, Lost extends string = 'lost'> =
  | { readonly ok: true; readonly row: Row }
  | { readonly ok: false; readonly lost: Lost; readonly row?: Row | undefined };

/** One page of a list, with an opaque cursor to the next. */
export type Page<Row> = { readonly rows: readonly Row[]; readonly cursor?: string | undefined };
export type PageRequest = { readonly limit: number; readonly cursor?: string | undefined };
