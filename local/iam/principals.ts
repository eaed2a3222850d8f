import type { Caller } from './caller.ts';
import type { PolicyStore } from './policy-store.ts';

/** A role as the template describes it. */
export interface RoleRegistration {
  /** How reports name it: its logical id. Owner of its policies in the store. */
  readonly name: string;
  readonly arn: string;
  readonly documents: readonly unknown[];
  /** `AssumeRolePolicyDocument`. */
  readonly trust: unknown;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The roles of the system. Their policies live in the store, under the role's name. */
export class Principals {
  private readonly roles = new Map<string, RoleRegistration>();
  private readonly store: PolicyStore;

  constructor(store: PolicyStore) {
    this.store = store;
  }

  /**
   * Registers a role with its policies and its trust policy.
   *
   * @throws PolicyError if one of them cannot be enforced exactly as written.
   */
  register(role: RoleRegistration): void {
    if (this.roles.has(role.arn)) throw new Error(`role ${role.arn} is registered already`);
    this.store.register(role.name, 'identity', role.documents);
    this.store.register(trustOwner(role.arn), 'trust', [role.trust]);
    this.roles.set(role.arn, role);
  }

  role(arn: string): RoleRegistration | undefined {
    return this.roles.get(arn);
  }

  /**
   * A session of a role, as AWS would name it.
   *
   * @throws Error if the role is not registered.
   */
  callerOf(roleArn: string, sessionName: string): Extract<Caller, { kind: 'role' }> {
    const role = this.roles.get(roleArn);
    if (!role) throw new Error(`role ${roleArn} is not registered`);
    const [, partition = 'aws', , , account = ''] = roleArn.split(':');
    const name = roleArn.slice(roleArn.lastIndexOf('/') + 1);
    return {
      kind: 'role',
      roleArn,
      sessionArn: `arn:${partition}:sts::${account}:assumed-role/${name}/${sessionName}`,
      account,
      ...(role.tags ? { tags: role.tags } : {}),
    };
  }
}

/** The owner under which a role's trust policy is registered. */
export function trustOwner(roleArn: string): string {
  return `trust policy of ${roleArn}`;
}
