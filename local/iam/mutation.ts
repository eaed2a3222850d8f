import { listOf, type PolicyDocument, type StatementDocument, statementsOf } from './policy-document.ts';

/** The policies of one owner with one action of one allowing statement taken out. */
export interface Mutation {
  /** "policy 0, statement 2 (ReadTunnels) without dynamodb:Query". */
  readonly label: string;
  readonly action: string;
  /** Where it stood: the policy's place among the owner's, the statement's in the policy. */
  readonly policy: number;
  readonly statement: number;
  readonly documents: readonly PolicyDocument[];
}

/**
 * Every way to take one action out of one allowing statement. A statement left without action goes, and a document
 * left without statement too. Denying statements are left alone: without them more would be allowed, not less.
 */
export function* mutations(documents: readonly PolicyDocument[]): Iterable<Mutation> {
  for (const [position, document] of documents.entries())
    for (const [index, statement] of statementsOf(document).entries()) {
      if (statement.Effect !== 'Allow') continue;
      const sid = statement.Sid === undefined ? '' : ` (${statement.Sid})`;
      for (const action of new Set(listOf(statement.Action)))
        yield {
          label: `policy ${position}, statement ${index}${sid} without ${action}`,
          action,
          policy: position,
          statement: index,
          documents: documents.flatMap((other, at) => (at === position ? without(other, index, action) : [other])),
        };
    }
}

function without(document: PolicyDocument, index: number, action: string): readonly PolicyDocument[] {
  const statements = statementsOf(document).flatMap((statement, at) =>
    at === index ? withoutAction(statement, action) : [statement],
  );
  return statements.length === 0 ? [] : [{ ...document, Statement: statements }];
}

function withoutAction(statement: StatementDocument, action: string): readonly StatementDocument[] {
  const rest = listOf(statement.Action).filter((one) => one !== action);
  return rest.length === 0 ? [] : [{ ...statement, Action: rest }];
}
