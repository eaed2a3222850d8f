import { parseStatement, type StatementPlace } from './parse-statement.ts';
import type { PolicyDocument } from './policy-document.ts';
import { PolicyError } from './policy-error.ts';
import type { Policy, PolicyKind } from './statement.ts';

export interface PolicyOwner {
  /** Whose policy it is, as it shall be named in messages: a role, a resource's ARN, an IoT policy. */
  readonly owner: string;
  readonly kind: PolicyKind;
  /** Position among the owner's policies, from 0. */
  readonly position?: number;
}

const DOCUMENT_KEYS = new Set(['Version', 'Id', 'Statement']);

/**
 * Reads one policy document. Everything in it is understood or refused.
 *
 * @throws PolicyError naming the owner, the statement and what is not known there; all problems together.
 */
export function parsePolicy(document: unknown, { owner, kind, position = 0 }: PolicyOwner): Policy {
  const problems: string[] = [];
  const where = `${owner}, policy ${position}`;
  if (!isRecord(document)) throw new PolicyError([`${where}: the policy is not a JSON object`]);
  for (const key of Object.keys(document))
    if (!DOCUMENT_KEYS.has(key)) problems.push(`${where}: "${key}" is not known`);
  const version = document.Version ?? '2008-10-17';
  if (version !== '2012-10-17' && version !== '2008-10-17')
    problems.push(`${where}: version ${JSON.stringify(version)} is not known`);
  const list = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (document.Statement === undefined || list.length === 0) problems.push(`${where}: there is no statement`);
  const place: StatementPlace = { where, kind, variables: version === '2012-10-17', problems };
  const statements = list.flatMap((statement, index) => parseStatement(statement, index, place) ?? []);
  if (problems.length > 0) throw new PolicyError(problems);
  // Every field was checked above, one by one.
  return { owner, kind, position, document: document as unknown as PolicyDocument, statements };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
