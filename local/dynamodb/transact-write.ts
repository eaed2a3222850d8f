import db from 'dynalite/db/index.js';
import deleteItemRules from 'dynalite/validations/deleteItem.js';
import putItemRules from 'dynalite/validations/putItem.js';
import updateItemRules from 'dynalite/validations/updateItem.js';
import { check, checkPart, type Request, type Rules } from './checks.ts';
import type { Item } from './item.ts';
import { type Outcome, returnValuesOnFailure, rowInTheWay, runChecked, type Tables } from './item-operations.ts';
import { type Failure, failureMessage, failureType, isFailure, Refusal } from './refusal.ts';
import type { Write } from './store-view.ts';

const required = (type: unknown): unknown => ({ ...(type as object), notNull: true });

const part = (rules: Rules, fields: Readonly<Record<string, 'required' | 'optional'>>): unknown => ({
  type: 'FieldStruct<TransactWriteItem>',
  children: {
    ...Object.fromEntries(
      Object.entries(fields).map(([name, need]) => [
        name,
        need === 'required' ? required(rules.types[name]) : rules.types[name],
      ]),
    ),
    ExpressionAttributeNames: rules.types.ExpressionAttributeNames,
    ExpressionAttributeValues: rules.types.ExpressionAttributeValues,
    ...returnValuesOnFailure,
  },
});

const kinds = {
  Put: putItemRules,
  Update: updateItemRules,
  Delete: deleteItemRules,
  ConditionCheck: deleteItemRules,
} as const;

type Kind = keyof typeof kinds;
type Part = { readonly kind: Kind; readonly request: Request };

/** A cancellation reason; `None` for the parts that would have gone through. */
type Reason = { readonly Code: string; readonly Message?: string; readonly Item?: Item };

const rules: Rules = {
  types: {
    TransactItems: {
      type: 'List',
      notNull: true,
      lengthGreaterThanOrEqual: 1,
      lengthLessThanOrEqual: 100,
      children: {
        type: 'ValueStruct<TransactWriteItem>',
        children: {
          Put: part(putItemRules, { TableName: 'required', Item: 'required', ConditionExpression: 'optional' }),
          Update: part(updateItemRules, {
            TableName: 'required',
            Key: 'required',
            UpdateExpression: 'required',
            ConditionExpression: 'optional',
          }),
          Delete: part(deleteItemRules, { TableName: 'required', Key: 'required', ConditionExpression: 'optional' }),
          ConditionCheck: part(deleteItemRules, {
            TableName: 'required',
            Key: 'required',
            ConditionExpression: 'required',
          }),
        },
      },
    },
    ClientRequestToken: { type: 'String', lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 36 },
  },
};

/**
 * All parts or none: every part is tried against the rows as they are, and the writes are handed on only when none
 * refuses. Throws a TransactionCanceledException with one reason per part.
 */
export const transactWrite = (tables: Tables, body: Request): Outcome => {
  const parts = partsOf(check(body, rules));
  for (const { kind, request } of parts) checkPart(request, kinds[kind]);
  refuseRepeats(tables, parts);
  const writes: Write[] = [];
  const reasons = parts.map((one): Reason => {
    try {
      writes.push(...attempt(tables, one));
      return { Code: 'None' };
    } catch (error) {
      return reasonOf(error);
    }
  });
  if (reasons.every(({ Code }) => Code === 'None')) return { result: {}, writes };
  throw cancelled(reasons);
};

const partsOf = (request: Request): readonly Part[] =>
  (request.TransactItems as readonly (Request | null)[]).map((item) => {
    const named = Object.entries(item ?? {});
    const [first] = named;
    if (named.length !== 1 || first === undefined) {
      throw new Refusal('ValidationException', 'TransactItems can only contain one of Check, Put, Update or Delete');
    }
    return { kind: first[0] as Kind, request: first[1] as Request };
  });

const refuseRepeats = (tables: Tables, parts: readonly Part[]): void => {
  const seen = new Set<string>();
  for (const { request } of parts) {
    const table = tables.get(String(request.TableName));
    if (table === undefined) throw new Refusal('ResourceNotFoundException', 'Requested resource not found');
    const item = (request.Item ?? request.Key) as Item;
    const key = Object.fromEntries(
      table.schema.KeySchema.flatMap(({ AttributeName }) => {
        const value = item[AttributeName];
        return value === undefined ? [] : [[AttributeName, value]];
      }),
    );
    if (db.validateKey(key, table.schema)) continue; // the part itself says what is wrong with its key
    const name = `${table.name}~${table.keyOf(key)}`;
    if (seen.has(name)) {
      throw new Refusal('ValidationException', 'Transaction request cannot include multiple operations on one item');
    }
    seen.add(name);
  }
};

const attempt = (tables: Tables, { kind, request }: Part): readonly Write[] => {
  switch (kind) {
    case 'Put':
      return runChecked(tables, 'PutItem', request).writes;
    case 'Update':
      return runChecked(tables, 'UpdateItem', request).writes;
    case 'Delete':
      return runChecked(tables, 'DeleteItem', request).writes;
    case 'ConditionCheck':
      checkCondition(tables, request);
      return [];
  }
};

const checkCondition = (tables: Tables, request: Request): void => {
  const table = tables.get(String(request.TableName));
  if (table === undefined) throw new Refusal('ResourceNotFoundException', 'Requested resource not found');
  const key = request.Key as Item;
  const failure = db.validateKey(key, table.schema) ?? db.checkConditional(request, table.get(table.keyOf(key)));
  if (!failure) return;
  throw Object.assign(failure, { body: { ...failure.body, ...rowInTheWay(tables, request) } });
};

const reasonOf = (error: unknown): Reason => {
  if (!isFailure(error)) throw error;
  if (failureType(error) !== 'ConditionalCheckFailedException') {
    return { Code: 'ValidationError', Message: failureMessage(error) };
  }
  return { Code: 'ConditionalCheckFailed', Message: failureMessage(error), ...itemOf(error) };
};

const itemOf = ({ body }: Failure): { readonly Item?: Item } => (body.Item ? { Item: body.Item as Item } : {});

const cancelled = (reasons: readonly Reason[]): Refusal => {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  const text = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  // This one exception spells its text `Message`.
  return new Refusal('TransactionCanceledException', undefined, { CancellationReasons: reasons, Message: text });
};
