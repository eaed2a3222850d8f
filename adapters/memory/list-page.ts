import type { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../core/model/cursor.ts';
import type { Page, PageRequest } from '../../core/ports/outcome.ts';

type Position = readonly (string | number)[];

const compare = (one: Position, other: Position): number => {
  for (const [index, part] of one.entries()) {
    const against = other[index];
    if (against === undefined || part === against) continue;
    return part < against ? -1 : 1;
  }
  return 0;
};

/** One page of rows in order of their position; the cursor is the position where the page ended. */
export const listPage = <Row, Shape extends z.ZodTuple>(
  rows: Iterable<Row>,
  page: PageRequest,
  order: { readonly shape: Shape; readonly position: (row: Row) => Position; readonly descending?: boolean },
): Page<Row> => {
  const after = decodeCursor(order.shape, page.cursor) as Position | undefined;
  const sign = order.descending === true ? -1 : 1;
  const left = [...rows]
    .filter((row) => after === undefined || sign * compare(order.position(row), after) > 0)
    .sort((one, other) => sign * compare(order.position(one), order.position(other)));
  const shown = left.slice(0, page.limit);
  const last = shown.at(-1);
  if (left.length === shown.length || last === undefined) return { rows: shown };
  return { rows: shown, cursor: encodeCursor(order.position(last)) };
};
