import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * The row that stood when a condition failed (`ReturnValuesOnConditionCheckFailure: ALL_OLD`). The document client
 * converts answers but not errors, so the few kinds of value that our rows hold are read here.
 */
export const standingRow = (error: Error): Record<string, unknown> | undefined => {
  const item = 'Item' in error ? (error.Item as Record<string, AttributeValue> | undefined) : undefined;
  return item === undefined ? undefined : readMap(item);
};

const readMap = (map: Record<string, AttributeValue>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name, read(value)]));

const read = (value: AttributeValue): unknown => {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(read);
  if (value.M !== undefined) return readMap(value.M);
  if (value.NULL !== undefined) return null;
  throw new TypeError('a row holds a kind of value that no adapter writes');
};
