import type { Authorize, IotContext, PolicyDocument } from '../../../local/iot/authorize.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';
export const arn = (resource: string): string => `arn:aws:iot:${REGION}:${ACCOUNT}:${resource}`;

const variable = (name: string): string => `\${${name}}`;
/** The policy variable that stands for a connection's thing. */
export const THING_NAME = variable('iot:Connection.Thing.ThingName');

/** A policy that allows each action on each resource, e.g. `allow({ 'iot:Publish': ['topic/a/*'] })`. */
export function allow(grants: Readonly<Record<string, readonly string[]>>): PolicyDocument {
  const statements = Object.entries(grants).map(([action, resources]) => ({
    Effect: 'Allow',
    Action: [action],
    Resource: resources.map(arn),
  }));
  return { Version: '2012-10-17', Statement: statements };
}

/** Lets a client do everything under any client id. */
export const ANYTHING: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:*'], Resource: ['*'] }],
};

/** Enough of IAM for these tests: Allow and Deny, wildcards, and the two variables of client and thing. */
export const fakeAuthorize: Authorize = ({ action, resource, policies, context }) => {
  const statements = policies.flatMap(({ Statement }) => Statement as readonly Statement[]);
  const effects = statements
    .filter((statement) => statement.Action.some((pattern) => matches(pattern, action, context)))
    .filter((statement) => statement.Resource.some((pattern) => matches(pattern, resource, context)))
    .map(({ Effect }) => Effect);
  return { allowed: effects.includes('Allow') && !effects.includes('Deny') };
};

function matches(pattern: string, text: string, context: IotContext): boolean {
  const thing = context.thing?.name;
  if (pattern.includes(THING_NAME) && thing === undefined) return false;
  const filled = pattern.replaceAll(variable('iot:ClientId'), context.clientId).replaceAll(THING_NAME, thing ?? '');
  const expression = filled.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${expression}$`, 's').test(text);
}
