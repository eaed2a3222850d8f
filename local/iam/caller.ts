import { type ConditionContext, contextOf } from './condition-context.ts';
import type { StatementPrincipal } from './statement.ts';

/** Who makes a call. */
export type Caller =
  | {
      readonly kind: 'role';
      readonly roleArn: string;
      /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`: what AWS names in its messages. */
      readonly sessionArn: string;
      readonly account: string;
      readonly tags?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'service';
      /** Such as `iot.amazonaws.com`. */
      readonly service: string;
      /** What in the account made the service call: a rule, an API route. */
      readonly sourceArn?: string;
      readonly sourceAccount?: string;
    };

/** How a statement's principals name a caller: themselves, or by leaving it to the account's own policies. */
export type Naming = 'direct' | 'account';

/** `Principal: {AWS: <account root>}` does not allow the account's roles; it lets their own policies decide. */
export function namingOf(principals: readonly StatementPrincipal[], caller: Caller): Naming | undefined {
  const namings = principals.map((principal) => naming(principal, caller));
  return namings.find((found) => found === 'direct') ?? namings.find((found) => found === 'account');
}

/** The condition keys that follow from the caller alone. */
export function callerContext(caller: Caller): ConditionContext {
  if (caller.kind === 'service')
    return contextOf({
      'aws:PrincipalIsAWSService': 'true',
      'aws:PrincipalServiceName': caller.service,
      'aws:SourceArn': caller.sourceArn,
      'aws:SourceAccount': caller.sourceAccount,
    });
  const tags = Object.entries(caller.tags ?? {}).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]);
  return contextOf({
    'aws:PrincipalArn': caller.roleArn,
    'aws:PrincipalAccount': caller.account,
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': `${caller.roleArn.slice(caller.roleArn.lastIndexOf('/') + 1)}:${sessionName(caller.sessionArn)}`,
    ...Object.fromEntries(tags),
  });
}

/** How messages name the caller. */
export function callerName(caller: Caller): string {
  return caller.kind === 'role' ? caller.sessionArn : caller.service;
}

function naming({ type, value }: StatementPrincipal, caller: Caller): Naming | undefined {
  if (caller.kind === 'service') return type === 'Service' && value === caller.service ? 'direct' : undefined;
  if (type !== 'AWS') return undefined;
  if (value === '*' || value === caller.roleArn || value === caller.sessionArn) return 'direct';
  const root = new RegExp(`^(arn:[^:]+:iam::)?${caller.account}(:root)?$`);
  return root.test(value) ? 'account' : undefined;
}

function sessionName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
