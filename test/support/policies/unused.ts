import type { StoredRemoval } from './removals.ts';

interface Unused {
  readonly owner: RegExp;
  readonly action: RegExp;
  /** Why it is granted though the local flow never needs it. */
  readonly reason: string;
}

/** Everything that the flow never uses, and why it stays. */
const reasons: readonly Unused[] = [
  {
    owner: /FunctionsNotifyRole/,
    action: /^kms:Decrypt$/,
    reason: 'Lambda reads the stream of an encrypted table with it; the stand-in of streams keeps nothing encrypted',
  },
  {
    owner: /FleetProvisioningRole/,
    action: /^iot:(?:DescribeCertificate|ListAttachedPolicies|ListPrincipalThings|ListThingPrincipals|UpdateThing)$/,
    reason: "AWS's own policy for provisioning roles, AWSIoTThingsRegistration, has it; the stand-in asks for less",
  },
  {
    owner: /FleetRole/,
    action: /^iot:DetachThingPrincipal$/,
    reason: 'only where AWS IoT keeps the attachment that is there; the stand-in changes it in place',
  },
  {
    owner: /^arn:aws:kms:/,
    action: /^kms:(?:CreateGrant|Decrypt|DescribeKey|Encrypt|GenerateDataKey\*|ReEncrypt\*)$/,
    reason: "the CDK's Secret adds it to the key's policy, where the account's own statement allows it already",
  },
  {
    owner: /^arn:aws:lambda:/,
    action: /^lambda:InvokeFunction$/,
    reason: 'the API for IAM credentials, which no role here may call, or another method of a path that is used',
  },
];

export const reasonFor = ({ owner, action }: Pick<StoredRemoval, 'owner' | 'action'>): string | undefined =>
  reasons.find((one) => one.owner.test(owner) && one.action.test(action))?.reason;
