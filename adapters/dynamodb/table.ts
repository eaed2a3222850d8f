import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Outcome } from '../../core/ports/outcome.ts';
import { batchGet } from './batch-get.ts';
import type { Condition } from './conditions.ts';
import { isNamed, translated } from './errors.ts';
import { conditionInput, type RowChange, startExpression, updateInput } from './expression.ts';
import { type Listing, query } from './query.ts';
import { standingRow } from './standing-row.ts';

export type Key = Readonly<Record<string, string | number>>;
/** What every adapter here is made of. `table` is the table's name. */
export type TableOptions = { readonly client: DynamoDBDocumentClient; readonly table: string };

const tellWinner = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** One table and the kind of row in it: single-item conditional writes, consistent reads by key, queries. No scan. */
export const openTable = <Row extends object>({ client, table }: TableOptions) => {
  const place = { TableName: table } as const;

  /** Losing is an answer; the row that stood is told where the request may see it. */
  const settle = async (work: Promise<Row>): Promise<Outcome<Row>> => {
    try {
      return { ok: true, row: await translated(work) };
    } catch (error) {
      if (!isNamed(error, 'ConditionalCheckFailedException')) throw error;
      return { ok: false, lost: 'lost', row: standingRow(error) as Row | undefined };
    }
  };

  return {
    /** Consistent. With `attributes`, the request asks for those and no others. */
    async get(key: Key, attributes?: readonly string[]): Promise<Row | undefined> {
      const expression = startExpression();
      const projection =
        attributes === undefined ? {} : { ProjectionExpression: attributes.map(expression.name).join(', ') };
      const command = new GetCommand({
        ...place,
        Key: key,
        ConsistentRead: true,
        ...projection,
        ...expression.input(),
      });
      return (await translated(client.send(command))).Item as Row | undefined;
    },
    put: (row: Row, when?: Condition): Promise<Outcome<Row>> => {
      const tell = when === undefined ? {} : tellWinner;
      const command = new PutCommand({ ...place, Item: row, ...conditionInput(when), ...tell });
      return settle(client.send(command).then(() => row));
    },
    update: (key: Key, change: RowChange, when: Condition): Promise<Outcome<Row>> => {
      const input = { ...place, Key: key, ...updateInput(change, when), ...tellWinner };
      const command = new UpdateCommand({ ...input, ReturnValues: 'ALL_NEW' });
      return settle(client.send(command).then(({ Attributes }) => Attributes as Row));
    },
    /** An update that sees nothing of the row, neither before nor after. True when the condition held. */
    async updateUnseen(key: Key, change: RowChange, when: Condition): Promise<boolean> {
      try {
        await translated(client.send(new UpdateCommand({ ...place, Key: key, ...updateInput(change, when) })));
        return true;
      } catch (error) {
        if (isNamed(error, 'ConditionalCheckFailedException')) return false;
        throw error;
      }
    },
    /** True when the condition held, which it does for an absent row only if it says so. */
    async remove(key: Key, when?: Condition): Promise<boolean> {
      try {
        await translated(client.send(new DeleteCommand({ ...place, Key: key, ...conditionInput(when) })));
        return true;
      } catch (error) {
        if (isNamed(error, 'ConditionalCheckFailedException')) return false;
        throw error;
      }
    },
    query: <Item = Row>(listing: Listing) => query<Item>(client, table, listing),
    /** Whole rows by key, in the order of the keys; absent ones are left out. */
    batchGet: (keys: readonly Key[]) => batchGet<Row>(client, table, keys),
  };
};
