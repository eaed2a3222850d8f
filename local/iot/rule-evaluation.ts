import type { Origin } from './message.ts';
import type { Condition, Expression, Statement } from './rule-sql.ts';

/** A message as a rule sees it. */
export interface RuleInput {
  /** Without the Basic Ingest prefix, which AWS hides from topic(). */
  readonly topic: string;
  readonly payload: Buffer;
  readonly origin: Origin;
  /** Milliseconds since the epoch: timestamp(). */
  readonly now: number;
}

export type RuleResult = { readonly event: unknown } | 'not_matching' | { readonly fault: string };

/** Applies a statement's WHERE and SELECT to a message. */
export function evaluate(statement: Statement, input: RuleInput): RuleResult {
  const body = bodyOf(input.payload);
  if (!statement.conditions.every((condition) => holds(condition, body, input))) return 'not_matching';
  const { columns } = statement;
  const whole = columns.some(({ kind }) => kind === 'all');
  if (whole && columns.length === 1) {
    return body === undefined ? { fault: 'The payload is not JSON.' } : { event: body };
  }
  // AWS, "Working with binary payloads": * beside other columns needs a payload that is a JSON object.
  if (whole && !isObject(body)) return { fault: 'The payload is not a JSON object.' };
  const event: Record<string, unknown> = {};
  for (const column of columns) {
    if (column.kind === 'all') for (const [name, value] of Object.entries(body ?? {})) assign(event, name, value);
    else assign(event, column.name, read(column.expression, body, input));
  }
  return { event };
}

/** An undefined column is left out. A name such as `__proto__` must stay a plain key. */
function assign(event: Record<string, unknown>, name: string, value: unknown): void {
  if (value === undefined) return;
  Object.defineProperty(event, name, { value, enumerable: true, configurable: true, writable: true });
}

function bodyOf(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

function holds({ left, comparison, right }: Condition, body: unknown, input: RuleInput): boolean {
  const [a, b] = [read(left, body, input), read(right, body, input)];
  // A comparison with Undefined is Undefined, and WHERE Undefined does not trigger the rule.
  if (a === undefined || b === undefined) return false;
  if (comparison === '=') return a === b;
  if (comparison === '<>') return a !== b;
  if (typeof a === 'number' && typeof b === 'number') return ordered(a, comparison, b);
  return typeof a === 'string' && typeof b === 'string' && ordered(a, comparison, b);
}

function ordered<T extends string | number>(a: T, comparison: '<' | '<=' | '>' | '>=', b: T): boolean {
  switch (comparison) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function read(expression: Expression, body: unknown, { topic, payload, origin, now }: RuleInput): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'field':
      return expression.path.reduce<unknown>(
        (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
        body,
      );
    case 'topic':
      return expression.level === undefined ? topic : topic.split('/')[expression.level - 1];
    case 'payload':
      return payload.toString('base64');
    case 'clientid':
      // AWS: "n/a if the message wasn't sent over MQTT".
      return origin.clientId ?? 'n/a';
    case 'principal':
      return origin.principal;
    case 'timestamp':
      return now;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
