import getItemRules from 'dynalite/validations/getItem.js';
import { check, checkPart, type Request, type Rules } from './checks.ts';
import { type Outcome, runChecked, type Tables } from './item-operations.ts';
import { Refusal } from './refusal.ts';

const { TableName, Key, ProjectionExpression, ExpressionAttributeNames } = getItemRules.types;

const rules: Rules = {
  types: {
    TransactItems: {
      type: 'List',
      notNull: true,
      lengthGreaterThanOrEqual: 1,
      lengthLessThanOrEqual: 100,
      children: {
        type: 'ValueStruct<TransactGetItem>',
        children: {
          Get: {
            type: 'FieldStruct<Get>',
            notNull: true,
            children: { TableName, Key, ProjectionExpression, ExpressionAttributeNames },
          },
        },
      },
    },
  },
};

/** Rows of one moment, in the order asked for; a row that is not there answers as an empty object. */
export const transactGet = (tables: Tables, body: Request): Outcome => {
  const parts = (check(body, rules).TransactItems as readonly ({ readonly Get: Request } | null)[]).map((part) => {
    if (part === null) throw new Refusal('ValidationException', 'TransactItems can not contain an empty member');
    return part.Get;
  });
  for (const part of parts) checkPart(part, getItemRules);
  const responses = parts.map((part) => {
    const { Item } = runChecked(tables, 'GetItem', part).result;
    return Item === undefined ? {} : { Item };
  });
  return { result: { Responses: responses }, writes: [] };
};
