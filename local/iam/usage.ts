import { type Denial, placeOf } from './denial.ts';
import type { Grant } from './evaluate.ts';
import type { Policy, Statement } from './statement.ts';
import { actsHere, isObservable } from './vocabulary.ts';

/** A piece of an allowing statement: one of its action patterns, or one of its resource patterns. */
export interface Permission {
  readonly owner: string;
  readonly policy: number;
  readonly statement: number;
  readonly sid?: string;
  readonly pattern: string;
  readonly label: string;
}

export interface UsageReport {
  /** Action patterns that never allowed a call. A pattern that another, earlier one makes redundant is among them. */
  readonly unused: readonly Permission[];
  /** Resource patterns that never matched a call that was allowed. */
  readonly unusedResources: readonly Permission[];
  /** Action patterns of, or for, services that exist in the cloud only: nothing can be said about them here. */
  readonly unobserved: readonly Permission[];
}

interface Used {
  readonly actions: Map<string, number>;
  readonly resources: Map<string, number>;
}

const DENIALS_KEPT = 1000;

/**
 * What was used of what is granted. It counts per statement object, so that a policy which a test takes out and puts back
 * keeps its count, and what happened under the changed one in between is forgotten with it.
 */
export class UsageLedger {
  private readonly used = new WeakMap<Statement, Used>();
  private readonly recent: Denial[] = [];

  allowed(grants: readonly Grant[]): void {
    for (const { statement, action, resource } of grants) {
      const used = this.used.get(statement) ?? { actions: new Map(), resources: new Map() };
      this.used.set(statement, used);
      used.actions.set(action, (used.actions.get(action) ?? 0) + 1);
      used.resources.set(resource, (used.resources.get(resource) ?? 0) + 1);
    }
  }

  denied(denial: Denial): void {
    this.recent.push(denial);
    if (this.recent.length > DENIALS_KEPT) this.recent.shift();
  }

  /** The last 1,000 refusals, oldest first. */
  denials(): readonly Denial[] {
    return [...this.recent];
  }

  /** How often a pattern of a statement allowed a call. */
  uses(policy: Policy, statement: number, action: string): number {
    const found = policy.statements.find((one) => one.index === statement);
    return (found && this.used.get(found)?.actions.get(action)) ?? 0;
  }

  report(policies: Iterable<Policy>): UsageReport {
    const unused: Permission[] = [];
    const unusedResources: Permission[] = [];
    const unobserved: Permission[] = [];
    for (const policy of policies)
      for (const statement of policy.statements.filter((one) => one.effect === 'Allow')) {
        const used = this.used.get(statement);
        const actions = statement.actionsNegated ? ['NotAction'] : unique(statement.actions.map((one) => one.source));
        const observable = isForElsewhere(statement) ? [] : actions.filter(isObservable);
        for (const action of actions.filter((one) => !observable.includes(one)))
          unobserved.push(permission(policy, statement, action));
        for (const action of observable.filter((one) => !used?.actions.has(one)))
          unused.push(permission(policy, statement, action));
        if (observable.length === 0 || statement.resourcesNegated) continue;
        for (const resource of unique(statement.resources.map((one) => one.source)))
          if (!used?.resources.has(resource)) unusedResources.push(permission(policy, statement, resource));
      }
    return { unused, unusedResources, unobserved };
  }
}

/** A statement for services alone, none of which acts here: CloudWatch Logs in a key's policy. */
function isForElsewhere({ principals }: Statement): boolean {
  return principals.length > 0 && principals.every(({ type, value }) => type === 'Service' && !actsHere(value));
}

function permission(policy: Policy, statement: Statement, pattern: string): Permission {
  return {
    owner: policy.owner,
    policy: policy.position,
    statement: statement.index,
    ...(statement.sid === undefined ? {} : { sid: statement.sid }),
    pattern,
    label: `${placeOf({ policy, statement })}: ${pattern}`,
  };
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
