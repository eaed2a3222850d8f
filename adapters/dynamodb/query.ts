import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { z } from 'zod';
import { SallyportError } from '../../core/errors.ts';
import { decodeCursor, encodeCursor } from '../../core/model/cursor.ts';
import type { Page, PageRequest } from '../../core/ports/outcome.ts';
import { all, type Condition, equals } from './conditions.ts';
import { isNamed, translated } from './errors.ts';
import { startExpression } from './expression.ts';

export type Listing = {
  /** Without one, the table itself, read consistently; an index may be a moment late. */
  readonly index?: string;
  readonly partition: readonly [attribute: string, value: string | number];
  readonly sort?: Condition;
  readonly descending?: boolean;
  readonly attributes?: readonly string[];
  readonly limit?: number;
  readonly start?: Readonly<Record<string, unknown>> | undefined;
};

export const query = async <Item>(
  client: DynamoDBDocumentClient,
  table: string,
  listing: Listing,
): Promise<{ readonly items: readonly Item[]; readonly last: Record<string, unknown> | undefined }> => {
  const { index, partition, sort, descending, attributes, limit, start } = listing;
  const expression = startExpression();
  const condition = all(equals(...partition), sort)(expression);
  const command = new QueryCommand({
    TableName: table,
    ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
    KeyConditionExpression: condition,
    ...(attributes === undefined ? {} : { ProjectionExpression: attributes.map(expression.name).join(', ') }),
    ScanIndexForward: descending !== true,
    ...(limit === undefined ? {} : { Limit: limit }),
    ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    ...expression.input(),
  });
  try {
    const { Items = [], LastEvaluatedKey } = await translated(client.send(command));
    return { items: Items as readonly Item[], last: LastEvaluatedKey };
  } catch (error) {
    // A well-formed position outside of the list's bounds: the table alone knows them.
    if (start !== undefined && isNamed(error, 'ValidationException'))
      throw new SallyportError('invalid_request', {
        pointer: '/cursor',
        detail: 'not a cursor of this list',
        cause: error,
      });
    throw error;
  }
};

/** Every row of a listing, page after page. */
export const queryAll = async <Item>(
  table: { query<Row>(listing: Listing): ReturnType<typeof query<Row>> },
  listing: Listing,
): Promise<readonly Item[]> => {
  const rows: Item[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { items, last } = await table.query<Item>({ ...listing, start });
    rows.push(...items);
    start = last;
  } while (start !== undefined);
  return rows;
};

/** One page; the cursor holds the `position` attributes of the last key, and never those that say whose list it is. */
export const queryPage = async <Item>(
  table: { query<Row>(listing: Listing): ReturnType<typeof query<Row>> },
  listing: Listing,
  page: PageRequest,
  order: {
    readonly shape: z.ZodTuple;
    readonly position: readonly string[];
    /** Parts of the key that are the same for the whole list. */
    readonly fixed?: Readonly<Record<string, string | number>>;
  },
): Promise<Page<Item>> => {
  const after = decodeCursor(order.shape, page.cursor);
  const [attribute, value] = listing.partition;
  const start = after && {
    ...order.fixed,
    [attribute]: value,
    ...Object.fromEntries(order.position.map((name, index) => [name, after[index]])),
  };
  const { items, last } = await table.query<Item>({ ...listing, limit: page.limit, start });
  if (last === undefined) return { rows: items };
  return { rows: items, cursor: encodeCursor(order.position.map((name) => last[name] as string | number)) };
};
