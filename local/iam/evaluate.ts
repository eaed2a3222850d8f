import { type Caller, namingOf } from './caller.ts';
import { conditionsHold } from './condition.ts';
import type { ConditionContext } from './condition-context.ts';
import { resolveGlob } from './policy-string.ts';
import type { Policy, Statement } from './statement.ts';
import { matchesGlob } from './wildcard.ts';

/** One permission that a call needs. */
export interface AccessRequest {
  /** `service:Action`. */
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
}

/** The piece of a policy that decided: the first action pattern and resource pattern of the statement that match. */
export interface Grant {
  readonly policy: Policy;
  readonly statement: Statement;
  /** The pattern as written; `NotAction` for a statement of that sort. */
  readonly action: string;
  /** The pattern as written; `NotResource`, or empty in a trust policy. */
  readonly resource: string;
}

export type Decision =
  | { readonly allowed: true; readonly grants: readonly Grant[] }
  | { readonly allowed: false; readonly reason: DenialReason; readonly by?: Grant };

export type DenialReason = 'explicit-deny' | 'no-identity-policy' | 'no-resource-policy';

/** The policies that bear on a request. */
export interface PolicySet {
  /** The caller's own; empty for a service. */
  readonly identity: readonly Policy[];
  /** Those of the resource, if it has any. */
  readonly resource: readonly Policy[];
  /**
   * What a resource's policies are to the caller's own. `either`: one of the two suffices inside an account. `gate`:
   * the resource's must admit the caller, or leave it to the account, before the caller's own count (KMS key policies,
   * role trust policies).
   */
  readonly mode: 'either' | 'gate';
}

/**
 * IAM's evaluation inside one account: an explicit deny anywhere wins, then one allow is needed, and without one the
 * answer is no.
 */
export function decide(policies: PolicySet, request: AccessRequest, caller: Caller): Decision {
  const denial = findGrant(policies.identity, 'Deny', request) ?? findGrant(policies.resource, 'Deny', request, caller);
  if (denial) return { allowed: false, reason: 'explicit-deny', by: denial };
  const direct = findGrant(policies.resource, 'Allow', request, caller, 'direct');
  if (direct) return { allowed: true, grants: [direct] };
  if (caller.kind === 'service') return { allowed: false, reason: 'no-resource-policy' };
  const gate = policies.mode === 'gate' ? findGrant(policies.resource, 'Allow', request, caller, 'account') : undefined;
  if (policies.mode === 'gate' && !gate) return { allowed: false, reason: 'no-resource-policy' };
  const own = findGrant(policies.identity, 'Allow', request);
  if (!own) return { allowed: false, reason: 'no-identity-policy' };
  return { allowed: true, grants: gate ? [own, gate] : [own] };
}

/** The first statement of that effect that matches, with the patterns that made it match. */
export function findGrant(
  policies: readonly Policy[],
  effect: 'Allow' | 'Deny',
  request: AccessRequest,
  caller?: Caller,
  naming?: 'direct' | 'account',
): Grant | undefined {
  for (const policy of policies)
    for (const statement of policy.statements) {
      if (statement.effect !== effect) continue;
      const patterns = matchStatement(statement, request);
      if (!patterns) continue;
      if (caller) {
        const found = namingOf(statement.principals, caller);
        if (!found || (naming && found !== naming)) continue;
      }
      return { policy, statement, ...patterns };
    }
  return undefined;
}

function matchStatement(
  statement: Statement,
  request: AccessRequest,
): { action: string; resource: string } | undefined {
  const action = matchAction(statement, request.action);
  if (action === undefined) return undefined;
  const resource = matchResource(statement, request);
  if (resource === undefined) return undefined;
  return conditionsHold(statement.conditions, request.context) ? { action, resource } : undefined;
}

function matchAction(statement: Statement, action: string): string | undefined {
  const wanted = action.toLowerCase();
  const found = statement.actions.find((pattern) => matchesGlob(pattern.glob, wanted));
  if (statement.actionsNegated) return found ? undefined : 'NotAction';
  return found?.source;
}

function matchResource(statement: Statement, request: AccessRequest): string | undefined {
  if (statement.resources.length === 0) return '';
  let unresolved = false;
  const found = statement.resources.find((pattern) => {
    const glob = resolveGlob(pattern, request.context);
    if (!glob) unresolved = true;
    return glob !== undefined && matchesGlob(glob, request.resource);
  });
  // NotResource with a variable that has no value would otherwise cover everything.
  if (statement.resourcesNegated) return found || unresolved ? undefined : 'NotResource';
  return found?.source;
}
