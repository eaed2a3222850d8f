import type { IotAuthorizerSpec, IotRuleSpec } from '../cloudformation/cloud.ts';
import type { AuthorizerEvent } from '../iot/custom-authorizer.ts';
import type { RuleTarget } from '../iot/rules.ts';
import type { ServiceInvoker } from './service-invoker.ts';

const service = 'iot.amazonaws.com';

/** The functions that AWS IoT invokes: those of rules, and those that admit clients. */
export class IotTargets {
  /** Which rule a target belongs to: the function's policy names it. */
  private readonly rules = new WeakMap<RuleTarget, string>();
  private readonly authorizers = new Map<string, IotAuthorizerSpec>();
  private readonly invoker: ServiceInvoker;

  constructor(invoker: ServiceInvoker) {
    this.invoker = invoker;
  }

  targetsOf({ arn, functionArns }: IotRuleSpec): readonly RuleTarget[] {
    return functionArns.map((resource) => {
      const target = { action: 'LambdaAction', resource };
      this.rules.set(target, arn);
      return target;
    });
  }

  addAuthorizer(authorizer: IotAuthorizerSpec): void {
    this.authorizers.set(authorizer.name, authorizer);
  }

  /** Rules invoke functions without waiting for them. */
  act(target: RuleTarget, event: unknown): void {
    const sourceArn = this.rules.get(target) ?? '';
    this.invoker.invokeLater(service, target.resource, { payload: JSON.stringify(event), sourceArn });
  }

  async authorize(name: string, event: AuthorizerEvent): Promise<unknown> {
    const authorizer = this.authorizers.get(name);
    if (authorizer === undefined) throw new Error(`there is no authorizer ${name}`);
    const call = { payload: JSON.stringify(event), sourceArn: authorizer.arn };
    const outcome = await this.invoker.invoke(service, authorizer.functionArn, call);
    if (outcome.kind === 'failure') throw new Error(outcome.error.errorMessage);
    return JSON.parse(outcome.payload);
  }
}
