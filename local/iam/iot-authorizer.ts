import { type Denial, placeOf } from './denial.ts';
import { decideIot, type IotConnection, type IotDecision, type IotOperation } from './iot-policy.ts';
import type { Policy } from './statement.ts';
import type { UsageLedger } from './usage.ts';

export interface IotAuthorizerOptions {
  readonly ledger: UsageLedger;
  /** `arn:<partition>:iot:<region>:<account>` */
  readonly arnPrefix: string;
  readonly onDenied?: (denial: Denial) => void;
}

/**
 * Decides for the broker, and keeps what was used or refused. The policies are handed in at each decision: those of a
 * certificate come from the store (`store.policies(name)`), those of a custom authorizer from its answer.
 */
export class IotAuthorizer {
  private readonly options: IotAuthorizerOptions;

  constructor(options: IotAuthorizerOptions) {
    this.options = options;
  }

  decide(policies: readonly Policy[], connection: IotConnection, operation: IotOperation): IotDecision {
    const decision = decideIot(policies, connection, operation, this.options.arnPrefix);
    if (decision.allowed) this.options.ledger.allowed(decision.grants);
    else this.note(connection, decision);
    return decision;
  }

  private note(connection: IotConnection, decision: Extract<IotDecision, { allowed: false }>): void {
    const { action, resource, by } = decision;
    const denial: Denial = {
      caller: `client ${connection.clientId}`,
      action,
      resource,
      reason: by ? 'explicit-deny' : 'no-identity-policy',
      message: `client ${connection.clientId} is not authorized to perform: ${action} on resource: ${resource}`,
      ...(by ? { by: placeOf(by) } : {}),
    };
    this.options.ledger.denied(denial);
    this.options.onDenied?.(denial);
  }
}
