/**
 * The JSON of a policy, as CloudFormation hands it over after its intrinsics are resolved. `Action` and `Resource` may
 * be one string or a list, a single statement need not be a list.
 */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: StatementDocument | readonly StatementDocument[];
}

export interface StatementDocument {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: PrincipalDocument;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, ConditionValue>>>>;
}

export type PrincipalDocument = '*' | Readonly<Record<string, string | readonly string[]>>;

export type ConditionValue = string | boolean | number | readonly (string | boolean | number)[];

/** The statements of a document as a list. */
export function statementsOf(document: PolicyDocument): readonly StatementDocument[] {
  return isList(document.Statement) ? document.Statement : [document.Statement];
}

/** One or several, as a list. */
export function listOf<T extends string | number | boolean>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
