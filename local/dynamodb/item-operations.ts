import batchGetItem from 'dynalite/actions/batchGetItem.js';
import batchWriteItem from 'dynalite/actions/batchWriteItem.js';
import deleteItem from 'dynalite/actions/deleteItem.js';
import getItem from 'dynalite/actions/getItem.js';
import putItem from 'dynalite/actions/putItem.js';
import query from 'dynalite/actions/query.js';
import scan from 'dynalite/actions/scan.js';
import updateItem from 'dynalite/actions/updateItem.js';
import batchGetItemRules from 'dynalite/validations/batchGetItem.js';
import batchWriteItemRules from 'dynalite/validations/batchWriteItem.js';
import deleteItemRules from 'dynalite/validations/deleteItem.js';
import getItemRules from 'dynalite/validations/getItem.js';
import putItemRules from 'dynalite/validations/putItem.js';
import queryRules from 'dynalite/validations/query.js';
import scanRules from 'dynalite/validations/scan.js';
import updateItemRules from 'dynalite/validations/updateItem.js';
import { check, type Request, type Rules } from './checks.ts';
import type { Item } from './item.ts';
import { failureType, isFailure, Refusal } from './refusal.ts';
import { StoreView, type Write } from './store-view.ts';
import type { Table } from './table.ts';

export type Tables = ReadonlyMap<string, Table>;

/** What an operation answers, and what it wants written; nothing is written yet. */
export type Outcome = { readonly result: Request; readonly writes: readonly Write[] };

type Action = typeof getItem;

/** A write whose failed condition may show the row that stood in its way; dynalite does not know this field. */
export const returnValuesOnFailure = {
  ReturnValuesOnConditionCheckFailure: { type: 'String', enum: ['ALL_OLD', 'NONE'] },
} as const;

const conditional = (rules: Rules): Rules => ({ ...rules, types: { ...rules.types, ...returnValuesOnFailure } });

const operations = {
  GetItem: { action: getItem, rules: getItemRules },
  PutItem: { action: putItem, rules: conditional(putItemRules) },
  UpdateItem: { action: updateItem, rules: conditional(updateItemRules) },
  DeleteItem: { action: deleteItem, rules: conditional(deleteItemRules) },
  BatchGetItem: { action: batchGetItem, rules: batchGetItemRules },
  BatchWriteItem: { action: batchWriteItem, rules: batchWriteItemRules },
  Query: { action: query, rules: queryRules },
  Scan: { action: scan, rules: scanRules },
} as const satisfies Readonly<Record<string, { readonly action: Action; readonly rules: Rules }>>;

export type ItemOperation = keyof typeof operations;

export const isItemOperation = (name: string): name is ItemOperation => Object.hasOwn(operations, name);

/** Checks and runs one operation. Throws a refusal, or a fault of the stand-in. */
export const runItemOperation = (tables: Tables, name: ItemOperation, body: Request): Outcome => {
  const { action, rules } = operations[name];
  const request = check(body, rules);
  if (name === 'Query' || name === 'Scan') return runPaged(tables, action, request);
  return runAction(action, new StoreView(tables), request, tables);
};

/** One part of a transaction, already checked. */
export const runChecked = (
  tables: Tables,
  name: 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem',
  request: Request,
) => runAction(operations[name].action, new StoreView(tables), request, tables);

/** The row that a failed condition was about, if the request asks to see it. */
export const rowInTheWay = (tables: Tables, request: Request): { readonly Item?: Item } => {
  if (request.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD') return {};
  const table = tables.get(String(request.TableName));
  const row = table?.get(table.keyOf((request.Item ?? request.Key) as Item));
  return row === undefined ? {} : { Item: row };
};

const runAction = (action: Action, view: StoreView, request: Request, tables: Tables): Outcome => {
  let error: unknown = new Error('dynalite did not answer at once');
  let result: Request | undefined;
  action(view, request, (failure, answer) => {
    error = failure;
    result = answer;
  });
  view.pump();
  if (isFailure(error) && failureType(error) === 'ConditionalCheckFailedException') {
    throw Object.assign(error, { body: { ...error.body, ...rowInTheWay(tables, request) } });
  }
  if (error) throw error;
  return { result: result ?? {}, writes: view.writes };
};

const runPaged = (tables: Tables, action: Action, request: Request): Outcome => {
  const index = tables.get(String(request.TableName))?.index(String(request.IndexName));
  const whole = index?.local === true && request.Select === 'ALL_ATTRIBUTES';
  if (index !== undefined && !index.local) {
    const missing = index.missing(projectedAttributes(request));
    if (missing.length > 0) {
      throw new Refusal(
        'ValidationException',
        `One or more parameter values were invalid: Global secondary index ${request.IndexName} does not project [${missing.join(', ')}]`,
      );
    }
  }
  const view = new StoreView(tables, { start: request.ExclusiveStartKey as Item | undefined, whole });
  // For a local index's whole items dynalite would read the table row by row, later. The view has them at hand.
  return runAction(action, view, whole ? { ...request, Select: undefined } : request, tables);
};

/** The first step of every path in the ProjectionExpression, as dynalite's parser left them. */
const projectedAttributes = (request: Request): readonly string[] => {
  const { paths = [] } = (request._projection ?? {}) as { readonly paths?: readonly (string | readonly string[])[] };
  return paths.flatMap((path) => (typeof path === 'string' ? [path] : path.slice(0, 1)));
};
