/** What is known of a request when its conditions are evaluated: lower-case key -> one value, or the values of a set. */
export type ConditionContext = ReadonlyMap<string, string | readonly string[]>;

/**
 * Builds a context. Key names compare without case (IAM: "condition key names are not case-sensitive"); a value that
 * is `undefined` is a key that the request does not carry.
 */
export function contextOf(
  values: Readonly<Record<string, string | readonly string[] | undefined>>,
  ...more: readonly ConditionContext[]
): ConditionContext {
  const context = new Map<string, string | readonly string[]>();
  for (const other of more) for (const [key, value] of other) context.set(key, value);
  for (const [key, value] of Object.entries(values)) if (value !== undefined) context.set(key.toLowerCase(), value);
  return context;
}
