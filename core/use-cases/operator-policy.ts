import { basicIngest, operatorConnections, rules, topics } from '../names.ts';

/** What AWS IoT takes of one policy document. */
export const policyCharacters = 2_048;

export type PolicyDocument = {
  readonly Version: '2012-10-17';
  readonly Statement: { readonly Effect: 'Allow'; readonly Action: string[]; readonly Resource: string[] }[];
};

/** The client ids that an operator may connect as. */
export const clientIdsOf = (operator: string): readonly string[] =>
  Array.from({ length: operatorConnections }, (_, index) => `${operator}-${index}`);

/**
 * An operator's whole policy on the broker: connect under their own client ids, ask on their own topic (directly or by
 * basic ingest), and hear on their own topic. `arn` begins the broker's ARNs, `arn:aws:iot:<region>:<account>`.
 */
export const operatorPolicy = (operator: string, arn: string): PolicyDocument => {
  const requests = topics.operatorRequests(operator);
  const events = topics.operatorEvents(operator);
  const allow = (action: string, ...resources: readonly string[]) => ({
    Effect: 'Allow' as const,
    Action: [`iot:${action}`],
    Resource: resources.map((resource) => `${arn}:${resource}`),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Connect', ...clientIdsOf(operator).map((clientId) => `client/${clientId}`)),
      allow('Publish', `topic/${requests}`, `topic/${basicIngest(rules.operatorRequests, requests)}`),
      allow('Subscribe', `topicfilter/${events}`),
      allow('Receive', `topic/${events}`),
    ],
  };
};
