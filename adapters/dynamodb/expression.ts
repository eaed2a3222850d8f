import type { Aliases, Condition } from './conditions.ts';

/** Collects the aliases of one request; `input` is their part of it. */
export const startExpression = () => {
  const names = new Map<string, string>();
  const values = new Map<string, unknown>();
  const aliases: Aliases = {
    name: (attribute) => {
      const alias = `#${attribute}`;
      names.set(alias, attribute);
      return alias;
    },
    value: (value) => {
      const alias = `:v${values.size}`;
      values.set(alias, value);
      return alias;
    },
  };
  return {
    ...aliases,
    input: () => ({
      ...(names.size === 0 ? {} : { ExpressionAttributeNames: Object.fromEntries(names) }),
      ...(values.size === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(values) }),
    }),
  };
};

export type RowChange = {
  /** An attribute whose new value is undefined is taken away. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Attributes that get another attribute's value as it stands in the row: `{ dueAt: 'endsAt' }`. */
  readonly copy?: Readonly<Record<string, string>>;
};

export const updateInput = ({ set, copy = {} }: RowChange, when: Condition) => {
  const expression = startExpression();
  const { name, value } = expression;
  const sets = [
    ...Object.entries(set).flatMap(([attribute, to]) => (to === undefined ? [] : `${name(attribute)} = ${value(to)}`)),
    ...Object.entries(copy).map(([attribute, from]) => `${name(attribute)} = ${name(from)}`),
  ];
  const removes = Object.entries(set).flatMap(([attribute, to]) => (to === undefined ? name(attribute) : []));
  const parts = [
    ...(sets.length === 0 ? [] : [`SET ${sets.join(', ')}`]),
    ...(removes.length === 0 ? [] : [`REMOVE ${removes.join(', ')}`]),
  ];
  const ConditionExpression = when(expression);
  return { UpdateExpression: parts.join(' '), ConditionExpression, ...expression.input() };
};

export const conditionInput = (when: Condition | undefined) => {
  if (when === undefined) return {};
  const expression = startExpression();
  return { ConditionExpression: when(expression), ...expression.input() };
};
