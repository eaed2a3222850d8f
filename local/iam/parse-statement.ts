import { type Condition, parseOperator } from './condition.ts';
import { type PolicyString, parsePolicyString, variablesOf } from './policy-string.ts';
import type { ActionPattern, PolicyKind, Statement, StatementPrincipal } from './statement.ts';
import { allServices, type Dialect, isMultivalued, knowsAction, knowsKey, serviceOf } from './vocabulary.ts';
import { globOf } from './wildcard.ts';

/** Where a statement stands, and where its problems are collected. */
export interface StatementPlace {
  readonly where: string;
  readonly kind: PolicyKind;
  /** Whether the document's version has policy variables. */
  readonly variables: boolean;
  readonly problems: string[];
}

const STATEMENT_KEYS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/** Reads one statement; adds to `place.problems` and returns undefined where it cannot. */
export function parseStatement(source: unknown, index: number, place: StatementPlace): Statement | undefined {
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    place.problems.push(`${place.where}, statement ${index}: is not a JSON object`);
    return undefined;
  }
  const fields: Readonly<Record<string, unknown>> = { ...source };
  const sid = typeof fields.Sid === 'string' ? fields.Sid : undefined;
  const reader = new StatementReader(fields, `${place.where}, statement ${index}${sid ? ` (${sid})` : ''}`, place);
  return reader.read(index, sid);
}

class StatementReader {
  private readonly dialect: Dialect;

  constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    private readonly where: string,
    private readonly place: StatementPlace,
  ) {
    this.dialect = place.kind === 'iot' ? 'iot' : 'iam';
  }

  read(index: number, sid: string | undefined): Statement {
    for (const key of Object.keys(this.fields)) if (!STATEMENT_KEYS.has(key)) this.problem(`"${key}" is not known`);
    if (this.fields.Sid !== undefined && sid === undefined) this.problem('Sid is not a string');
    const effect = this.fields.Effect;
    if (effect !== 'Allow' && effect !== 'Deny') this.problem('Effect is neither "Allow" nor "Deny"');
    const actions = this.oneOf('Action', 'NotAction').map((action) => this.action(action));
    const services = this.services(actions);
    const resources = this.resources(services);
    return {
      index,
      ...(sid === undefined ? {} : { sid }),
      effect: effect === 'Deny' ? 'Deny' : 'Allow',
      actions,
      actionsNegated: 'NotAction' in this.fields,
      resources,
      resourcesNegated: 'NotResource' in this.fields,
      conditions: this.conditions(services),
      principals: this.principals(),
    };
  }

  private problem(text: string): void {
    this.place.problems.push(`${this.where}: ${text}`);
  }

  /** The strings of exactly one of two fields. */
  private oneOf(positive: string, negative: string): readonly string[] {
    const given = [positive, negative].filter((name) => this.fields[name] !== undefined);
    const [name] = given;
    if (name === undefined || given.length !== 1) {
      this.problem(`needs exactly one of ${positive} and ${negative}`);
      return [];
    }
    return this.strings(this.fields[name], name);
  }

  private strings(value: unknown, name: string): readonly string[] {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0) this.problem(`${name} is empty`);
    return list.flatMap((item) => {
      if (typeof item === 'string') return [item];
      this.problem(`${name} holds ${JSON.stringify(item)}, which is not a string`);
      return [];
    });
  }

  private action(source: string): ActionPattern {
    if (!knowsAction(source, this.dialect)) this.problem(`action "${source}" is not known`);
    return { source, glob: globOf(source.toLowerCase()) };
  }

  /** The services whose condition keys make sense here: those named, or all where NotAction or `*` names none. */
  private services(actions: readonly ActionPattern[]): readonly string[] {
    const named = actions.map((action) => serviceOf(action.source));
    if ('NotAction' in this.fields || named.includes(undefined)) return allServices();
    return [...new Set(named.flatMap((name) => name ?? []))];
  }

  private resources(services: readonly string[]): readonly PolicyString[] {
    if (this.place.kind === 'trust') {
      if ('Resource' in this.fields || 'NotResource' in this.fields) this.problem('a trust policy has no Resource');
      return [];
    }
    return this.oneOf('Resource', 'NotResource').map((source) => {
      if (source !== '*' && source.split(':').length < 6 && !/^arn:[^:]*\*$/.test(source))
        this.problem(`resource "${source}" is not an ARN`);
      return this.text(source, services);
    });
  }

  private text(source: string, services: readonly string[]): PolicyString {
    const text = parsePolicyString(source, this.place.variables);
    for (const key of variablesOf(text))
      if (!knowsKey(key, services, this.dialect)) this.problem(`variable "\${${key}}" is not known`);
    return text;
  }

  private conditions(services: readonly string[]): readonly Condition[] {
    const block = this.fields.Condition ?? {};
    if (typeof block !== 'object' || block === null) {
      this.problem('Condition is not a JSON object');
      return [];
    }
    return Object.entries(block).flatMap(([operator, lines]) => {
      if (typeof lines === 'object' && lines !== null && !Array.isArray(lines))
        return Object.entries(lines).flatMap(([key, value]) => this.condition(operator, key, value, services) ?? []);
      this.problem(`condition ${operator} is not a JSON object`);
      return [];
    });
  }

  private condition(operator: string, key: string, value: unknown, services: readonly string[]): Condition | undefined {
    const test = parseOperator(operator);
    if (!test) this.problem(`condition operator "${operator}" is not known`);
    if (!knowsKey(key, services, this.dialect)) this.problem(`condition key "${key}" is not known`);
    if (isMultivalued(key) && test?.kind === 'compare' && test.quantifier === 'one')
      this.problem(`condition key "${key}" holds a set: ${operator} needs ForAllValues: or ForAnyValue:`);
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.length === 0) this.problem(`condition ${operator} on "${key}" has no value`);
    const values = list.flatMap((item) => {
      if (['string', 'boolean', 'number'].includes(typeof item)) return [this.text(String(item), services)];
      this.problem(`condition ${operator} on "${key}" holds ${JSON.stringify(item)}, which is not a string`);
      return [];
    });
    return test ? { operator, key, values, test } : undefined;
  }

  private principals(): readonly StatementPrincipal[] {
    const source = this.fields.Principal;
    const wanted = this.place.kind === 'resource' || this.place.kind === 'trust';
    if ((source !== undefined) !== wanted) {
      this.problem(wanted ? 'Principal is missing' : 'Principal does not belong here');
      return [];
    }
    if (source === undefined) return [];
    if (source === '*') return [{ type: 'AWS', value: '*' }];
    if (typeof source !== 'object' || source === null) {
      this.problem('Principal is neither "*" nor a JSON object');
      return [];
    }
    return Object.entries(source).flatMap(([type, value]) => {
      if (type === 'AWS' || type === 'Service' || type === 'Federated')
        return this.strings(value, `Principal.${type}`).map((item) => ({ type, value: item }));
      this.problem(`principal type "${type}" is not known`);
      return [];
    });
  }
}
