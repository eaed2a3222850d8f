/** Words of DynamoDB's expressions that are no attribute names. */
const WORDS = new Set(['SET', 'REMOVE', 'ADD', 'DELETE', 'AND', 'OR', 'NOT', 'BETWEEN', 'IN']);
const TOKEN = /[#:]?[A-Za-z0-9_]+|[.()[\],=<>+-]/g;

/** Names that stand for others in an expression, `ExpressionAttributeNames`. */
export type NamePlaceholders = Readonly<Record<string, unknown>>;

/** The top-level attributes that an expression names. */
export function expressionNames(expression: unknown, placeholders: NamePlaceholders): readonly string[] {
  const tokens = tokensOf(expression);
  return tokens.flatMap((token, at) => {
    const isName = /^[#A-Za-z_]/.test(token) && !WORDS.has(token.toUpperCase());
    // After a dot stands a nested attribute, before a parenthesis a function.
    if (!isName || tokens[at - 1] === '.' || tokens[at + 1] === '(') return [];
    return [resolved(token, placeholders)];
  });
}

/** The value placeholder that a key condition sets equal to an attribute: `:k` of `#key = :k AND ...`. */
export function equalityPlaceholder(
  expression: unknown,
  attribute: string,
  placeholders: NamePlaceholders,
): string | undefined {
  const tokens = tokensOf(expression);
  for (const [at, token] of tokens.entries()) {
    if (token !== '=') continue;
    const [left = '', right = ''] = [tokens[at - 1], tokens[at + 1]];
    if (right.startsWith(':') && resolved(left, placeholders) === attribute) return right;
  }
  return undefined;
}

function tokensOf(expression: unknown): readonly string[] {
  return typeof expression === 'string' ? (expression.match(TOKEN) ?? []) : [];
}

function resolved(token: string, placeholders: NamePlaceholders): string {
  const name = token.startsWith('#') ? placeholders[token] : token;
  return typeof name === 'string' ? name : token;
}
