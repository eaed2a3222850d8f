import { type Caller, callerContext } from './caller.ts';
import { contextOf } from './condition-context.ts';
import { type Denial, denialOf } from './denial.ts';
import { type AccessRequest, type Decision, decide } from './evaluate.ts';
import { parsePolicy } from './parse-policy.ts';
import type { PolicyStore } from './policy-store.ts';
import type { Principals } from './principals.ts';
import type { Policy } from './statement.ts';
import type { UsageLedger } from './usage.ts';

export interface AuthorizerOptions {
  readonly store: PolicyStore;
  readonly principals: Principals;
  readonly ledger: UsageLedger;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly onDenied?: (denial: Denial) => void;
}

/** Decides for one system: which policies bear on a request, and what the ledger keeps of it. */
export class Authorizer {
  private readonly options: AuthorizerOptions;
  private readonly defaultKeyPolicies = new Map<string, Policy>();

  constructor(options: AuthorizerOptions) {
    this.options = options;
  }

  /**
   * Decides one request, and keeps the grant or the denial.
   *
   * @param resourceOwner under which name the resource's own policies are registered, if not by the request's ARN
   */
  decide(caller: Caller, request: AccessRequest, resourceOwner?: string): Decision {
    const isKey = request.action.startsWith('kms:');
    const resource = this.options.store.policies(resourceOwner ?? request.resource);
    const decision = decide(
      {
        identity: this.identityOf(caller),
        resource: resource ?? (isKey ? [this.defaultKeyPolicy(request.resource)] : []),
        mode: isKey || request.action === 'sts:AssumeRole' ? 'gate' : 'either',
      },
      { ...request, context: contextOf(this.ambient(request), callerContext(caller), request.context) },
      caller,
    );
    if (decision.allowed) this.options.ledger.allowed(decision.grants);
    else this.note(denialOf(caller, request, decision.reason, decision.by));
    return decision;
  }

  private note(denial: Denial): void {
    this.options.ledger.denied(denial);
    this.options.onDenied?.(denial);
  }

  private identityOf(caller: Caller): readonly Policy[] {
    if (caller.kind === 'service') return [];
    const role = this.options.principals.role(caller.roleArn);
    return (role && this.options.store.policies(role.name)) ?? [];
  }

  /** The keys that every request carries. */
  private ambient(request: AccessRequest): Readonly<Record<string, string>> {
    const now = (this.options.now ?? Date.now)();
    const account = request.resource.split(':')[4];
    return {
      'aws:CurrentTime': new Date(now).toISOString(),
      'aws:EpochTime': String(Math.floor(now / 1000)),
      'aws:RequestedRegion': this.options.region,
      // Loopback stands here for the TLS connection that a client has to AWS.
      'aws:SecureTransport': 'true',
      ...(account ? { 'aws:ResourceAccount': account } : {}),
    };
  }

  /** A key whose template names no policy has the one that AWS gives it: the account's own policies decide. */
  private defaultKeyPolicy(keyArn: string): Policy {
    const [, partition = 'aws', , , account = ''] = keyArn.split(':');
    const root = `arn:${partition}:iam::${account}:root`;
    const policy =
      this.defaultKeyPolicies.get(root) ??
      parsePolicy(
        {
          Version: '2012-10-17',
          Statement: { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
        },
        { owner: 'the default key policy', kind: 'resource' },
      );
    this.defaultKeyPolicies.set(root, policy);
    return policy;
  }
}
