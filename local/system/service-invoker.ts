import type { Place } from '../cloudformation/place.ts';
import type { Authorizer } from '../iam/authorizer.ts';
import { contextOf } from '../iam/condition-context.ts';
import { type LambdaPermission, lambdaPermissionDocument } from '../iam/lambda-permission.ts';
import type { PolicyStore } from '../iam/policy-store.ts';
import type { Functions } from '../lambda/functions.ts';
import type { OutcomeMessage } from '../lambda/invocation.ts';

export interface ServiceInvokerOptions {
  readonly place: Place;
  readonly functions: Functions;
  readonly authorizer: Authorizer;
  readonly store: PolicyStore;
}

/** Invokes functions on behalf of AWS services, each of which the function's own policy must admit. */
export class ServiceInvoker {
  private readonly options: ServiceInvokerOptions;

  constructor(options: ServiceInvokerOptions) {
    this.options = options;
  }

  /** Adds a statement to a function's policy. */
  permit(permission: LambdaPermission): void {
    this.options.store.append(permission.functionArn, 'resource', lambdaPermissionDocument(permission));
  }

  /** Invokes and waits. @throws Error when the function's policy does not admit the service and source */
  invoke(service: string, functionArn: string, call: { payload: string; sourceArn: string }): Promise<OutcomeMessage> {
    this.check(service, functionArn, call.sourceArn);
    return this.options.functions.invoke(functionArn, call.payload);
  }

  /** Invokes and does not wait. @throws Error when the function's policy does not admit the service and source */
  invokeLater(service: string, functionArn: string, call: { payload: string; sourceArn: string }): void {
    this.check(service, functionArn, call.sourceArn);
    this.options.functions.invokeLater(functionArn, call.payload);
  }

  private check(service: string, functionArn: string, sourceArn: string): void {
    const caller = { kind: 'service', service, sourceArn, sourceAccount: this.options.place.account } as const;
    const request = { action: 'lambda:InvokeFunction', resource: functionArn, context: contextOf({}) };
    if (this.options.authorizer.decide(caller, request).allowed) return;
    throw new Error(`the policy of ${functionArn} does not let ${service} invoke it for ${sourceArn}`);
  }
}
