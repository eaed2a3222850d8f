import type { IotQuestion as BrokerQuestion, PolicyDocument } from '../iot/authorize.ts';
import { type Denial, placeOf } from './denial.ts';
import { type AccessRequest, findGrant, type Grant } from './evaluate.ts';
import { iotConditionContext, parseIotPolicy } from './iot-policy.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyStore } from './policy-store.ts';
import type { Policy } from './statement.ts';
import type { UsageLedger } from './usage.ts';

/** What the broker asks; the name without its ARN is of no use here. */
export type IotQuestion = Omit<BrokerQuestion, 'name'>;

export interface IotAuthorizerOptions {
  readonly store: PolicyStore;
  readonly ledger: UsageLedger;
  readonly onDenied?: (denial: Denial) => void;
}

/**
 * The broker's authorisation: explicit deny, then allow, then no. Documents that the store holds are told apart by
 * identity (hand the broker `store.documents(name)`), so that their use is recorded; others are a custom authorizer's
 * answer. One of those that cannot be read refuses, as AWS IoT refuses the connection.
 */
export function iotAuthorizer({ store, ledger, onDenied }: IotAuthorizerOptions) {
  const answered = new WeakMap<PolicyDocument, Policy | PolicyError>();

  const policyOf = (document: PolicyDocument, question: IotQuestion): Policy | PolicyError => {
    const known = store.policyOf(document) ?? answered.get(document);
    if (known) return known;
    const parsed = parseAnswer(document, `custom authorizer's policy for ${question.context.principalId}`);
    answered.set(document, parsed);
    return parsed;
  };

  const refuse = (question: IotQuestion, because: string, by?: Grant) => {
    const { action, resource } = question;
    const caller = `client ${question.context.clientId}`;
    const denial: Denial = {
      caller,
      action,
      resource,
      reason: by ? 'explicit-deny' : 'no-identity-policy',
      message: `${caller} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
      ...(by ? { by: placeOf(by) } : {}),
    };
    ledger.denied(denial);
    onDenied?.(denial);
    return { allowed: false };
  };

  return (question: IotQuestion): { readonly allowed: boolean } => {
    const policies: Policy[] = [];
    for (const document of question.policies) {
      const policy = policyOf(document, question);
      if (policy instanceof PolicyError) return refuse(question, `because ${policy.problems.join('; ')}`);
      policies.push(policy);
    }
    const { action, resource } = question;
    const request: AccessRequest = { action, resource, context: iotConditionContext(question.context) };
    const denied = findGrant(policies, 'Deny', request);
    if (denied) return refuse(question, `with an explicit deny in ${placeOf(denied)}`, denied);
    const grant = findGrant(policies, 'Allow', request);
    if (!grant) return refuse(question, `because no IoT policy allows the ${action} action`);
    ledger.allowed([grant]);
    return { allowed: true };
  };
}

function parseAnswer(document: PolicyDocument, owner: string): Policy | PolicyError {
  try {
    return parseIotPolicy(document, owner);
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
}
