import { isRecord, soleKey } from './shape.ts';

/** What an expression may ask about its stack. Each throws an Error that says what is missing. */
export interface Scope {
  /** A parameter's value, a pseudo parameter's, or a resource's physical id. */
  ref(name: string): unknown;
  attribute(logicalId: string, name: string): unknown;
  imported(exportName: string): unknown;
  mapping(map: string, top: string, second: string): unknown;
  condition(name: string): boolean;
}

/** Stands for "no such property" (`AWS::NoValue`). */
const noValue = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => (name === 'AWS::NoValue' ? noValue : scope.ref(text(name))),
  'Fn::GetAtt': (argument, scope) => {
    const [id = '', ...attribute] = typeof argument === 'string' ? argument.split('.') : list(argument, scope);
    return scope.attribute(text(id), attribute.map(text).join('.'));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(argument, scope);
    return items(parts).map(text).join(text(separator));
  },
  'Fn::Split': (argument, scope) => {
    const [separator, source] = list(argument, scope);
    return text(source).split(text(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, choices] = list(argument, scope);
    const chosen = items(choices)[Number(index)];
    if (chosen === undefined) throw new Error(`Fn::Select finds nothing at ${String(index)}`);
    return chosen;
  },
  'Fn::Sub': (argument, scope) => {
    const [template, variables] = typeof argument === 'string' ? [argument, {}] : list(argument, scope);
    return substitute(text(template), isRecord(variables) ? variables : {}, scope);
  },
  'Fn::ImportValue': (name, scope) => scope.imported(text(resolve(name, scope))),
  'Fn::FindInMap': (argument, scope) => {
    const [map, top, second] = list(argument, scope);
    return scope.mapping(text(map), text(top), text(second));
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes, no] = items(argument);
    return resolveMaybe(scope.condition(text(condition)) ? yes : no, scope);
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text(resolve(argument, scope))).toString('base64'),
};

/** The name of the intrinsic function that this object is a call of, or undefined when it is plain data. */
export function intrinsicOf(value: Readonly<Record<string, unknown>>): string | undefined {
  const key = soleKey(value);
  if (key === undefined) return undefined;
  return key === 'Ref' || key.startsWith('Fn::') ? key : undefined;
}

/**
 * The value with every intrinsic function replaced by its result, and properties that are `AWS::NoValue` left out.
 *
 * @throws Error when a function is not known, or asks for something that is not there.
 */
export function resolve(value: unknown, scope: Scope): unknown {
  const result = resolveMaybe(value, scope);
  return result === noValue ? undefined : result;
}

/** A condition's value. Only here does `{Condition: name}` mean another condition; elsewhere it is data (in policies). */
export function resolveCondition(value: unknown, scope: Scope): boolean {
  const name = isRecord(value) ? soleKey(value) : undefined;
  if (!isRecord(value) || name === undefined) throw new Error(`${JSON.stringify(value)} is no condition`);
  const argument = value[name];
  switch (name) {
    case 'Condition':
      return scope.condition(text(argument));
    case 'Fn::And':
      return items(argument).every((one) => resolveCondition(one, scope));
    case 'Fn::Or':
      return items(argument).some((one) => resolveCondition(one, scope));
    case 'Fn::Not':
      return !items(argument).some((one) => resolveCondition(one, scope));
    case 'Fn::Equals': {
      const [left, right] = list(argument, scope);
      return JSON.stringify(left) === JSON.stringify(right);
    }
    default:
      throw new Error(`${name} is not known in conditions: teach it to local/cloudformation/intrinsics.ts`);
  }
}

function resolveMaybe(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => resolveMaybe(one, scope)).filter((one) => one !== noValue);
  }
  if (!isRecord(value)) return value;
  const name = intrinsicOf(value);
  if (name !== undefined) {
    const intrinsic = intrinsics[name];
    if (intrinsic === undefined)
      throw new Error(`${name} is not known here: teach it to local/cloudformation/intrinsics.ts`);
    return intrinsic(value[name], scope);
  }
  const entries = Object.entries(value).map(([key, one]) => [key, resolveMaybe(one, scope)] as const);
  return Object.fromEntries(entries.filter(([, one]) => one !== noValue));
}

const placeholder = /\$\{([^}]*)\}/g;

function substitute(template: string, variables: Readonly<Record<string, unknown>>, scope: Scope): string {
  return template.replace(placeholder, (_, inside: string) => {
    // `${!Name}` is the text `${Name}`.
    if (inside.startsWith('!')) return `\${${inside.slice(1)}}`;
    const name = inside.trim();
    if (Object.hasOwn(variables, name)) return text(variables[name]);
    const [id = '', ...attribute] = name.split('.');
    return text(attribute.length === 0 ? scope.ref(name) : scope.attribute(id, attribute.join('.')));
  });
}

/** The names that an `Fn::Sub` text asks the stack for. */
export function namesIn(template: string): readonly string[] {
  return [...template.matchAll(placeholder)]
    .map(([, inside = '']) => inside.trim())
    .filter((one) => !one.startsWith('!'));
}

function list(argument: unknown, scope: Scope): readonly unknown[] {
  return items(resolve(argument, scope));
}

function items(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`a list is needed where ${JSON.stringify(value)} stands`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`a text is needed where ${JSON.stringify(value)} stands`);
}
