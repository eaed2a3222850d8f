import type { IotContext } from '../iot/authorize.ts';
import { type ConditionContext, contextOf } from './condition-context.ts';
import { parsePolicy } from './parse-policy.ts';
import { PolicyError } from './policy-error.ts';
import type { Policy } from './statement.ts';

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

/** The condition keys and variables of a connection. What it has no value for stays absent, and matches nothing. */
export function iotConditionContext(context: IotContext): ConditionContext {
  const { clientId, thing, certificate, sourceIp, domainName, connectAttributes } = context;
  const attributes = Object.entries(thing?.attributes ?? {}).map(([name, value]) => [
    `iot:Connection.Thing.Attributes[${name}]`,
    value,
  ]);
  return contextOf({
    'iot:ClientId': clientId,
    'iot:ConnectAttributes': connectAttributes,
    'iot:DomainName': domainName,
    'iot:SourceIp': sourceIp,
    'aws:SourceIp': sourceIp,
    'iot:CertificateId': certificate?.certificateId,
    'iot:Certificate.Subject.CommonName': certificate?.subjectCommonName,
    'iot:Connection.Thing.IsAttached': String(context.isAttached),
    'iot:Connection.Thing.ThingName': thing?.name,
    'iot:Connection.Thing.ThingTypeName': thing?.type,
    ...Object.fromEntries(attributes),
  });
}
