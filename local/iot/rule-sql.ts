import { type Token, tokensOf } from './rule-sql-tokens.ts';

/** A value that a rule can name. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'field'; readonly path: readonly string[] }
  | { readonly kind: 'topic'; readonly level?: number }
  /** `encode(*, 'base64')`: the payload as it came, JSON or not. */
  | { readonly kind: 'payload' }
  | { readonly kind: 'clientid' | 'principal' | 'timestamp' };

export type Column =
  | { readonly kind: 'all' }
  | { readonly expression: Expression; readonly name: string; readonly kind: 'one' };

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

export interface Condition {
  readonly left: Expression;
  readonly comparison: Comparison;
  readonly right: Expression;
}

/** A rule's statement, understood. */
export interface Statement {
  readonly columns: readonly Column[];
  /** Absent in a rule that only Basic Ingest reaches (AWS: "the FROM clause is optional"). */
  readonly filter?: string;
  /** All must hold. */
  readonly conditions: readonly Condition[];
}

/**
 * Reads the subset of AWS IoT SQL that rules here may use: `SELECT` of `*`, fields, literals and the functions topic,
 * clientid, principal, timestamp and encode(*, 'base64'), with `AS`; `FROM 'filter'`; `WHERE` comparisons joined with `AND`. Throws at
 * anything else, so that a rule which would behave differently on AWS stops the start.
 */
export function parseStatement(sql: string): Statement {
  const reader = new Reader(tokensOf(sql), sql);
  reader.expect('SELECT');
  const columns = [reader.column()];
  while (reader.takes(',')) columns.push(reader.column());
  const filter = reader.takes('FROM') ? reader.text() : undefined;
  const conditions: Condition[] = [];
  if (reader.takes('WHERE')) {
    do conditions.push(reader.condition());
    while (reader.takes('AND'));
  }
  reader.end();
  return { columns, ...(filter === undefined ? {} : { filter }), conditions };
}

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

class Reader {
  private position = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly sql: string,
  ) {}

  takes(word: string): boolean {
    const token = this.tokens[this.position];
    const found = token !== undefined && token.kind !== 'text' && token.text.toUpperCase() === word;
    if (found) this.position += 1;
    return found;
  }

  expect(word: string): void {
    if (!this.takes(word)) this.refuse(word);
  }

  end(): void {
    if (this.position < this.tokens.length) this.refuse('its end');
  }

  text(): string {
    const token = this.tokens[this.position];
    if (token?.kind !== 'text') return this.refuse("a text in '...'");
    this.position += 1;
    return token.text;
  }

  column(): Column {
    if (this.takes('*')) return { kind: 'all' };
    const expression = this.expression();
    if (this.takes('AS')) return { kind: 'one', expression, name: this.name() };
    // What AWS calls a column without AS is documented for plain fields only.
    if (expression.kind !== 'field' || expression.path.length !== 1) return this.refuse('AS');
    return { kind: 'one', expression, name: expression.path[0] ?? '' };
  }

  condition(): Condition {
    const left = this.expression();
    const sign = this.tokens[this.position];
    const comparison = sign?.kind === 'sign' ? COMPARISONS.get(sign.text) : undefined;
    if (comparison === undefined) return this.refuse('a comparison');
    this.position += 1;
    return { left, comparison, right: this.expression() };
  }

  private expression(): Expression {
    const token = this.tokens[this.position];
    if (token?.kind === 'text') return { kind: 'literal', value: this.text() };
    if (token?.kind === 'number') {
      this.position += 1;
      return { kind: 'literal', value: Number(token.text) };
    }
    if (this.takes('TRUE')) return { kind: 'literal', value: true };
    if (this.takes('FALSE')) return { kind: 'literal', value: false };
    const name = this.name();
    if (this.takes('(')) return this.call(name);
    const path = [name];
    while (this.takes('.')) path.push(this.name());
    return { kind: 'field', path };
  }

  private call(name: string): Expression {
    const called = name.toLowerCase();
    if (called === 'topic') {
      const level = this.tokens[this.position];
      if (this.takes(')')) return { kind: 'topic' };
      if (level?.kind !== 'number' || !/^[1-9]\d?$/.test(level.text)) return this.refuse('the number of a topic level');
      this.position += 1;
      this.expect(')');
      return { kind: 'topic', level: Number(level.text) };
    }
    if (called === 'encode') {
      // AWS: "Use the encode function to encode the payload, which potentially might be non-JSON data".
      this.expect('*');
      this.expect(',');
      if (this.text() !== 'base64') return this.refuse("'base64'");
      this.expect(')');
      return { kind: 'payload' };
    }
    if (called !== 'clientid' && called !== 'principal' && called !== 'timestamp') {
      throw new Error(`This rule calls ${name}(), which the stand-in does not offer: ${this.sql}`);
    }
    this.expect(')');
    return { kind: called };
  }

  private name(): string {
    const token = this.tokens[this.position];
    if (token?.kind !== 'name' || RESERVED.has(token.text.toUpperCase())) return this.refuse('a name');
    this.position += 1;
    return token.text;
  }

  private refuse(wanted: string): never {
    const found = this.tokens[this.position]?.text ?? 'its end';
    throw new Error(`This rule needs ${wanted} where it has ${found}: ${this.sql}`);
  }
}

const RESERVED = new Set(['SELECT', 'VALUE', 'FROM', 'WHERE', 'AND', 'OR', 'NOT', 'IN', 'AS', 'CASE', 'SET', 'NULL']);
