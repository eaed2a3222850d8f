export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'sign';
  readonly text: string;
}

/** In this order: white space, names, numbers, texts (a quote in one is doubled), signs. */
const PIECES = /\s+|([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|'((?:[^']|'')*)'|(<>|!=|<=|>=|[=<>*,().])/gy;

/** Cuts a statement into words. Throws at a sign that is outside the subset, such as a double quote. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < sql.length) {
    PIECES.lastIndex = position;
    const match = PIECES.exec(sql);
    if (match === null) throw new Error(`This rule has ${JSON.stringify(sql[position])} at ${position}: ${sql}`);
    position = PIECES.lastIndex;
    const [, name, number, text, sign] = match;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (text !== undefined) tokens.push({ kind: 'text', text: text.replaceAll("''", "'") });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}
