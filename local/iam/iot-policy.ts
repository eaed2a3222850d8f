import { type ConditionContext, contextOf } from './condition-context.ts';
import { type AccessRequest, findGrant, type Grant } from './evaluate.ts';
import { parsePolicy } from './parse-policy.ts';
import { PolicyError } from './policy-error.ts';
import type { Policy } from './statement.ts';

/** What the broker knows of a connection when it asks. */
export interface IotConnection {
  readonly clientId: string;
  /** The thing of {@link thingOfConnection}; without it no thing variable has a value. */
  readonly thing?: IotThing;
  readonly certificate?: IotCertificate;
  readonly sourceIp?: string;
  readonly domainName?: string;
}

export interface IotThing {
  readonly thingName: string;
  readonly thingTypeName?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Whether the connection's certificate is attached to the thing. */
  readonly attached: boolean;
}

export interface IotCertificate {
  readonly certificateId: string;
  readonly subjectCommonName?: string;
  readonly issuerCommonName?: string;
}

/** What a connection wants to do. `topic` and `filter` are as sent: MQTT's own wildcards stand for themselves. */
export type IotOperation =
  | { readonly kind: 'connect' }
  | { readonly kind: 'publish'; readonly topic: string; readonly retain?: boolean }
  | { readonly kind: 'subscribe'; readonly filter: string }
  | { readonly kind: 'receive'; readonly topic: string };

export type IotDecision =
  | { readonly allowed: true; readonly grants: readonly Grant[] }
  | { readonly allowed: false; readonly action: string; readonly resource: string; readonly by?: Grant };

/** Characters of a policy document without white space (quota "Policy document size", not adjustable). */
export const IOT_POLICY_SIZE_LIMIT = 2048;
/** The longest Region name in use; a policy must fit wherever it is deployed, not only under the local Region's name. */
const LONGEST_REGION = 'ap-southeast-1';

/**
 * Reads a policy of AWS IoT Core.
 *
 * @throws PolicyError for what is not known, and for a document that would not fit in some Region.
 */
export function parseIotPolicy(document: unknown, owner: string, position = 0): Policy {
  const size = iotPolicySize(document);
  if (size > IOT_POLICY_SIZE_LIMIT)
    throw new PolicyError([`${owner}: the IoT policy has ${size} characters, ${IOT_POLICY_SIZE_LIMIT} are allowed`]);
  return parsePolicy(document, { owner, kind: 'iot', position });
}

/** Size as AWS IoT counts it, with the longest Region's name in each ARN. */
export function iotPolicySize(document: unknown): number {
  const text = (JSON.stringify(document) ?? '').replace(/\s/g, '');
  return text.replace(/(arn:[a-z-]+:iot:)[a-z0-9-]+/g, `$1${LONGEST_REGION}`).length;
}

/**
 * Decides for one operation: explicit deny, then allow, then no. A statement whose variables have no value on this
 * connection does not match.
 *
 * @param arnPrefix `arn:<partition>:iot:<region>:<account>`
 */
export function decideIot(
  policies: readonly Policy[],
  connection: IotConnection,
  operation: IotOperation,
  arnPrefix: string,
): IotDecision {
  const context = iotContext(connection);
  const grants: Grant[] = [];
  for (const [action, suffix] of requirementsOf(operation, connection)) {
    const request: AccessRequest = { action, resource: `${arnPrefix}:${suffix}`, context };
    const denial = findGrant(policies, 'Deny', request);
    const grant = denial ? undefined : findGrant(policies, 'Allow', request);
    if (!grant) return { allowed: false, action, resource: request.resource, ...(denial ? { by: denial } : {}) };
    grants.push(grant);
  }
  return { allowed: true, grants };
}

/** The condition keys and variables of a connection. */
export function iotContext({ clientId, thing, certificate, sourceIp, domainName }: IotConnection): ConditionContext {
  const attributes = Object.entries(thing?.attributes ?? {}).map(([name, value]) => [
    `iot:Connection.Thing.Attributes[${name}]`,
    value,
  ]);
  return contextOf({
    'iot:ClientId': clientId,
    'iot:DomainName': domainName,
    'aws:SourceIp': sourceIp,
    'iot:Connection.Thing.ThingName': thing?.thingName,
    'iot:Connection.Thing.ThingTypeName': thing?.thingTypeName,
    'iot:Connection.Thing.IsAttached': thing ? String(thing.attached) : undefined,
    'iot:CertificateId': certificate?.certificateId,
    'iot:Certificate.Subject.CommonName': certificate?.subjectCommonName,
    'iot:Certificate.Issuer.CommonName': certificate?.issuerCommonName,
    ...Object.fromEntries(attributes),
  });
}

function requirementsOf(operation: IotOperation, connection: IotConnection): readonly (readonly [string, string])[] {
  switch (operation.kind) {
    case 'connect':
      return [['iot:Connect', `client/${connection.clientId}`]];
    case 'publish':
      return [
        ['iot:Publish', `topic/${operation.topic}`],
        ...(operation.retain ? [['iot:RetainPublish', `topic/${operation.topic}`] as const] : []),
      ];
    case 'subscribe':
      return [['iot:Subscribe', `topicfilter/${operation.filter}`]];
    case 'receive':
      return [['iot:Receive', `topic/${operation.topic}`]];
  }
}
