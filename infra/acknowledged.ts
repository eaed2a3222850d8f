import { type Stack, Token, Validations } from 'aws-cdk-lib';

/** A finding that stands, and why. `<partition>` and `<region>` are the stack's; others are given with it. */
type Acknowledged = { readonly id: string; readonly reason: string };

const stateful: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-SMG4',
    reason:
      'Host keys, link key and anchor key are turned by our own schedule, with an overlap that a rotation function of Secrets Manager does not know; the certificate by its issuer.',
  },
  {
    id: 'AwsSolutions-COG1',
    reason:
      'Fourteen characters and a second factor always. NIST SP 800-63B 5.1.1.2 advises against classes of characters.',
  },
  {
    id: 'AwsSolutions-COG8',
    reason: 'Threat protection is paid by the user; there is no self-service sign-up, and a second factor is required.',
  },
];

const network: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-EC23',
    reason:
      'These are the front ports: operators and devices come from anywhere. House rule OPEN_TO_ALL admits no others.',
  },
  {
    id: 'CloudFormation-Validate::W2508',
    reason:
      'Port 22 is the routers, not an instance: an SSH server that opens no shell. It is for clients that cannot name a port.',
  },
  {
    id: 'AwsSolutions-ELB2',
    reason:
      'A network load balancer writes access logs for TLS listeners only; ours pass TCP. Each connection has its audit record.',
  },
];

const control: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'iot:CreateCertificateFromCsr and iot:ListAttachedPolicies know no resource. House rule RESOURCE_WITHOUT_NAME admits no others in this stack.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:iot:<region>:<AWS::AccountId>:thinggroup/*]',
    reason: 'Which group of things is adopted is for whoever assumes the role.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:iot:<region>:<AWS::AccountId>:cert/*]',
    reason:
      'A certificate is named by its hash, so none can be told from another by name. The functions look at those of one thing, and deactivate them only by the decisions of enrolment and revocation.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:iot:<region>:<AWS::AccountId>:thing/*]',
    reason: "A thing's name is the device's own, of any shape.",
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:iot:<region>:<AWS::AccountId>:client/*]',
    reason: "A device's client id is its own affair; the condition on the topic admits commands and nothing else.",
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:iot:<region>:<AWS::AccountId>:topic/sallyport/v1/operators/*/events]',
    reason: 'Any operator may have asked; the topic admits events and nothing else.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:iot:<region>:<AWS::AccountId>:topic/sallyport/v1/devices/*/commands]',
    reason: 'Any device may be asked; the topic admits commands and nothing else.',
  },
];

const data: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'ecr:GetAuthorizationToken and ecs:DiscoverPollEndpoint know no resource. House rule RESOURCE_WITHOUT_NAME admits no others.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:ecs:<region>:<AWS::AccountId>:container-instance/*]',
    reason: 'An instance learns its own id when it registers; the condition admits its cluster only.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:ec2:<region>:<AWS::AccountId>:instance/*]',
    reason: "Which instance takes the address is known when it starts; the condition admits this stage's only.",
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:ec2:<region>:<AWS::AccountId>:network-interface/*]',
    reason:
      "Which interface takes the address is known when it starts; the condition admits this stage's network only.",
  },
  {
    id: 'AwsSolutions-ECS2',
    reason:
      'Settings are names and ARNs. What is secret is read from Secrets Manager by the process itself, and again when it turns.',
  },
  {
    id: 'AwsSolutions-ECS4',
    reason: "Container Insights is paid by task and minute; the processes' own metrics say more.",
  },
  {
    id: 'AwsSolutions-AS3',
    reason:
      'Who comes and goes in a group is seen in its metrics and alarmed on by what it means: too few healthy targets.',
  },
];

const names: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:route53:::change/*]',
    reason: 'A change gets its id when it is made; all that can be done with one is to ask whether it is done.',
  },
];

const vault: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-S1',
    reason:
      'Who adds is one function, and its own log says what. Who reads is for CloudTrail of that account to say, with data events.',
  },
];

/** As one stack refers to another's: by an export, or weakly while a profile changes (docs/upgrade.md). */
const iamApis = [
  '<control>:ExportsOutputRefIamApi1CA48018FF7B79F8',
  '{"Fn::GetStackOutput":{"StackName":"<control>","Region":<regionValue>,"OutputName":"PublishOutputRefIamApi1CA48018D2098548"}}',
] as const;

const operations: readonly Acknowledged[] = [
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:s3:::<bucket>/audit/*]',
    reason: 'Each batch of audit records is an object of its own; the right is to add, and nothing else.',
  },
  {
    id: 'AwsSolutions-IAM5[Resource::arn:<partition>:kms:<region>:<vaultAccount>:key/*]',
    reason: "The id of the bucket's key is not known here; the condition admits the key of that alias only.",
  },
  ...['GET/v1/tunnels/*', 'POST/v1/tunnels/*/links', 'DELETE/v1/tunnels/*', 'DELETE/v1/me/keys/*'].flatMap((route) =>
    iamApis.map((api) => ({
      id: `AwsSolutions-IAM5[Resource::arn:<partition>:execute-api:<region>:<AWS::AccountId>:${api}/$default/${route}]`,
      reason: "The ids of the canary's own tunnels and keys are made as it runs; the API lets nobody touch another's.",
    })),
  ),
];

const acknowledged = { vault, operations, stateful, network, control, data, names } as const;

/** Every exception of ours to the AWS Solutions rules, in one place. */
export const acknowledge = (
  stack: Stack,
  part: keyof typeof acknowledged,
  names: Readonly<Record<string, string>> = {},
): void => {
  // A finding's name holds the ARN as far as synthesis knows it.
  const known = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  const partition = known(stack.partition, 'Partition');
  const region = known(stack.region, 'Region');
  const regionValue = Token.isUnresolved(stack.region) ? '{"Ref":"AWS::Region"}' : JSON.stringify(stack.region);
  Validations.of(stack).acknowledge(
    ...acknowledged[part].map(({ id, reason }) => ({
      id: Object.entries({ partition, region, regionValue, ...names }).reduce(
        (text, [name, value]) => text.replace(`<${name}>`, known(value, 'AccountId')),
        id,
      ),
      reason,
    })),
  );
};
