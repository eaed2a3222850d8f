import type { Condition } from './condition.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { PolicyString } from './policy-string.ts';
import type { Glob } from './wildcard.ts';

/** What a policy hangs on decides what it must and must not say. */
export type PolicyKind = 'identity' | 'resource' | 'trust' | 'iot';

export interface ActionPattern {
  readonly source: string;
  /** Lower case: actions compare without case. */
  readonly glob: Glob;
}

/** One statement, ready to be evaluated. `negated` marks NotAction and NotResource. */
export interface Statement {
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly ActionPattern[];
  readonly actionsNegated: boolean;
  /** Empty for trust policies, which have no resource. */
  readonly resources: readonly PolicyString[];
  readonly resourcesNegated: boolean;
  readonly conditions: readonly Condition[];
  readonly principals: readonly StatementPrincipal[];
}

export interface StatementPrincipal {
  readonly type: 'AWS' | 'Service' | 'Federated';
  readonly value: string;
}

/** One policy of one owner: a role, a resource (its ARN), an IoT policy. */
export interface Policy {
  readonly owner: string;
  readonly kind: PolicyKind;
  /** Position among the owner's policies. */
  readonly position: number;
  readonly document: PolicyDocument;
  readonly statements: readonly Statement[];
}
