type Test = (value: unknown) => boolean;
type Matches = (event: unknown) => boolean;

/**
 * Reads an event pattern (EventBridge's language, as Lambda's event filters use it): objects nest, a list holds the
 * values or tests of which one must fit.
 *
 * @throws Error naming a test that is not known here.
 */
export function parsePattern(source: string): Matches {
  return compile(JSON.parse(source), '');
}

function compile(pattern: unknown, path: string): Matches {
  if (Array.isArray(pattern)) {
    const tests = pattern.map((one) => testOf(one, path));
    return (value) => {
      const values = Array.isArray(value) ? value : [value];
      return tests.some((test) => values.some(test));
    };
  }
  if (typeof pattern !== 'object' || pattern === null) throw new Error(`${path}: a list or an object is needed`);
  const parts = Object.entries(pattern).map(([key, inner]) => {
    if (key === '$or')
      throw new Error(`${path}: $or is not known here: teach it to local/event-sources/event-pattern.ts`);
    return [key, compile(inner, `${path}/${key}`)] as const;
  });
  return (value) => parts.every(([key, matches]) => matches(member(value, key)));
}

function testOf(test: unknown, path: string): Test {
  if (typeof test !== 'object' || test === null) return (value) => value === test;
  const [[name, argument] = ['', undefined]] = Object.entries(test);
  switch (name) {
    case 'exists':
      return (value) => (value !== undefined) === argument;
    case 'prefix':
      return (value) => typeof value === 'string' && value.startsWith(String(argument));
    case 'suffix':
      return (value) => typeof value === 'string' && value.endsWith(String(argument));
    case 'anything-but': {
      const refused: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
      return (value) => value !== undefined && !refused.includes(value);
    }
    default:
      throw new Error(`${path}: the test ${name} is not known here: teach it to local/event-sources/event-pattern.ts`);
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}
