import type { ConditionContext } from './condition-context.ts';
import { type ConditionOperator, operatorNamed } from './condition-operator.ts';
import { type PolicyString, resolveText } from './policy-string.ts';

type Quantifier = 'all' | 'any' | 'one';

/** One line of a Condition block: an operator, a key and the values, any of which may hold. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly PolicyString[];
  readonly test: ConditionTest;
}

export type ConditionTest =
  | { readonly kind: 'null' }
  | {
      readonly kind: 'compare';
      readonly operator: ConditionOperator;
      readonly quantifier: Quantifier;
      readonly ifExists: boolean;
    };

const NAME = /^(?:(ForAllValues|ForAnyValue):)?(.+?)(IfExists)?$/;

/** Reads an operator's name, with its prefix and suffix; undefined when it is not known. */
export function parseOperator(name: string): ConditionTest | undefined {
  if (name === 'Null') return { kind: 'null' };
  const match = NAME.exec(name);
  const operator = operatorNamed(match?.[2] ?? '');
  if (!match || !operator) return undefined;
  const quantifier = match[1] === 'ForAllValues' ? 'all' : match[1] === 'ForAnyValue' ? 'any' : 'one';
  return { kind: 'compare', operator, quantifier, ifExists: match[3] !== undefined };
}

/** Whether every line holds: lines are joined by AND, values of a line by OR (IAM, "multiple keys or values"). */
export function conditionsHold(conditions: readonly Condition[], context: ConditionContext): boolean {
  return conditions.every((condition) => conditionHolds(condition, context));
}

function conditionHolds({ key, values, test }: Condition, context: ConditionContext): boolean {
  const actual = context.get(key.toLowerCase());
  const present: readonly string[] = actual === undefined ? [] : typeof actual === 'string' ? [actual] : actual;
  if (test.kind === 'null')
    return values.some((value) => resolveText(value, context)?.toLowerCase() === String(present.length === 0));
  if (present.length === 0) return holdsWithoutKey(test);
  const holds = (one: string) => valueHolds(test.operator, values, one, context);
  return test.quantifier === 'any' ? present.some(holds) : present.every(holds);
}

/** An absent key fails, but: ...IfExists and ForAllValues hold, and so do negated operators, ForAnyValue never. */
function holdsWithoutKey(test: Extract<ConditionTest, { kind: 'compare' }>): boolean {
  if (test.ifExists || test.quantifier === 'all') return true;
  return test.quantifier === 'one' && test.operator.negated;
}

/** A variable that cannot be replaced makes the line fail under either sort of operator. */
function valueHolds(
  operator: ConditionOperator,
  values: readonly PolicyString[],
  actual: string,
  context: ConditionContext,
): boolean {
  const results = values.map((value) => operator.compare(value, actual, context));
  if (!operator.negated) return results.includes(true);
  return results.every((result) => result === false);
}
