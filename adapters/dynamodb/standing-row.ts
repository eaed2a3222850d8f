import type { AttributeValue } from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;

/**
 * The row that stood when a condition failed (`ReturnValuesOnConditionCheckFailure: ALL_OLD`). The document client
 * converts answers but not errors, so the few kinds of value that our rows hold are read here.
 */
export const standingRow = (error: Error): Record<string, unknown> | undefined => {
  const item = 'Item' in error ? (error.Item as Item | undefined) : undefined;
  return item === undefined ? undefined : rowOfItem(item);
};

export const rowOfItem = (item: Item): Record<string, unknown> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, read(value)]));

const read = (value: AttributeValue): unknown => {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(read);
  if (value.M !== undefined) return rowOfItem(value.M);
  if (value.NULL !== undefined) return null;
  throw new TypeError('a row holds a kind of value that no adapter writes');
};
