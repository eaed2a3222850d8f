import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource, CloudFormationValidatePlugin, Stack, Validations } from 'aws-cdk-lib';
import { houseRules } from '../../infra/checks.ts';

const plugin = new CloudFormationValidatePlugin({ guardRules: [{ name: 'house', content: houseRules() }] });

type Given = { readonly type: string; readonly properties: object };

/** The house rules that a template with this one resource breaks. */
const broken = ({ type, properties }: Given): readonly string[] => {
  const outdir = mkdtempSync(join(tmpdir(), 'sallyport-rules-'));
  try {
    const context = { '@aws-cdk/core:validateAgainstDefaultRules': true };
    const app = new App({ analyticsReporting: false, treeMetadata: false, outdir, context });
    new CfnResource(new Stack(app, 'Stack'), 'It', { type, properties: { ...properties } });
    Validations.of(app).addPlugins(plugin);
    app.synth();
    return [];
  } catch (error) {
    return ruleNames.filter((name) => String(error).includes(name));
  } finally {
    rmSync(outdir, { recursive: true });
  }
};
const ruleNames = [...houseRules().matchAll(/^rule ([A-Z_]+)/gm)].flatMap(([, name]) => name ?? []);

const role = (...statements: readonly object[]): Given => ({
  type: 'AWS::IAM::Role',
  properties: {
    AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] },
    Policies: [{ PolicyName: 'Rights', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});
const allow = (action: unknown, resource: unknown = 'arn:aws:iot:eu-west-1:123456789012:topic/a') => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
});
const ingress = (properties: object): Given => ({
  type: 'AWS::EC2::SecurityGroupIngress',
  properties: { GroupId: 'sg-1', ...properties },
});
const table = (properties: object): Given => ({
  type: 'AWS::DynamoDB::Table',
  properties: {
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: true,
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: 'key' },
    ...properties,
  },
});
const launch = (data: object): Given => ({
  type: 'AWS::EC2::LaunchTemplate',
  properties: {
    LaunchTemplateData: {
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true } }],
      ...data,
    },
  },
});
const target = (...attributes: readonly (readonly [string, string])[]): Given => ({
  type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
  properties: {
    Protocol: 'TCP',
    Port: 2222,
    VpcId: 'vpc-1',
    TargetGroupAttributes: attributes.map(([Key, Value]) => ({ Key, Value })),
  },
});
const uncut = ['target_health_state.unhealthy.connection_termination.enabled', 'false'] as const;
const proxy = ['proxy_protocol_v2.enabled', 'true'] as const;

test.each<readonly [what: string, given: Given, rule: string]>([
  ['an action by pattern', role(allow('iot:*')), 'ACTION_BY_PATTERN'],
  ['one among others', role(allow('iot:Publish'), allow(['iot:Publish', 'iot:Get*'])), 'ACTION_BY_PATTERN'],
  ['every resource', role(allow('iot:Publish', '*')), 'RESOURCE_WITHOUT_NAME'],
  ['every resource among others', role(allow('iot:Publish', ['arn:aws:s3:::a', '*'])), 'RESOURCE_WITHOUT_NAME'],
  [
    'a policy beside its role',
    { type: 'AWS::IAM::ManagedPolicy', properties: { PolicyDocument: { Version: '2012-10-17', Statement: [] } } },
    'RIGHTS_ELSEWHERE',
  ],
  [
    'a managed policy',
    {
      type: 'AWS::IAM::Role',
      properties: { ...role().properties, ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
    },
    'RIGHTS_ELSEWHERE',
  ],
  [
    'a port open to all',
    ingress({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 7022, ToPort: 7022 }),
    'OPEN_TO_ALL',
  ],
  ['a range open to all', ingress({ CidrIpv6: '::/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 8443 }), 'OPEN_TO_ALL'],
  ['every protocol', ingress({ CidrIp: '10.0.0.0/8', IpProtocol: '-1' }), 'OPEN_TO_ALL'],
  [
    'an opening within its group',
    {
      type: 'AWS::EC2::SecurityGroup',
      properties: {
        GroupDescription: 'a',
        SecurityGroupIngress: [{ CidrIp: '10.0.0.0/8', IpProtocol: 'tcp', FromPort: 1, ToPort: 1 }],
      },
    },
    'INLINE_OPENING',
  ],
  [
    'a log kept for ever',
    { type: 'AWS::Logs::LogGroup', properties: { KmsKeyId: 'arn:aws:kms:eu-west-1:1:key/a' } },
    'LOG_KEPT_FOR_A_TIME',
  ],
  ['a log under no key', { type: 'AWS::Logs::LogGroup', properties: { RetentionInDays: 7 } }, 'LOG_KEPT_FOR_A_TIME'],
  ['a table that cannot be recovered', table({}), 'TABLE_RECOVERABLE'],
  ['a secret under no key', { type: 'AWS::SecretsManager::Secret', properties: {} }, 'SECRET_UNDER_KEY'],
  ['a bucket under no key', { type: 'AWS::S3::Bucket', properties: {} }, 'BUCKET_CLOSED'],
  [
    'metadata in version 1',
    launch({ MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1 } }),
    'INSTANCE_HARDENED',
  ],
  [
    'metadata two hops away',
    launch({ MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } }),
    'INSTANCE_HARDENED',
  ],
  [
    'an open volume',
    launch({ BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: false } }] }),
    'INSTANCE_HARDENED',
  ],
  ['streams cut by a check', target(proxy), 'STREAMS_UNCUT'],
  ['no PROXY header', target(uncut), 'STREAMS_UNCUT'],
])('%s is refused', (_, given, rule) => {
  expect(broken(given)).toEqual([rule]);
});

test.each<readonly [what: string, given: Given]>([
  ['a role that names what it does', role(allow(['iot:Publish', 'iot:Receive']))],
  ['what knows no resource', role(allow('ecr:GetAuthorizationToken', '*'))],
  ['a front port', ingress({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 })],
  [
    'one group for another',
    ingress({ SourceSecurityGroupId: 'sg-2', IpProtocol: 'tcp', FromPort: 7022, ToPort: 7022 }),
  ],
  ['a hardened instance', launch({})],
  ['a target whose streams live', target(uncut, proxy)],
])('%s is taken', (_, given) => {
  expect(broken(given)).toEqual([]);
});

test('every rule has been broken once', () => {
  expect(ruleNames).toEqual([
    'ACTION_BY_PATTERN',
    'RESOURCE_WITHOUT_NAME',
    'RIGHTS_ELSEWHERE',
    'OPEN_TO_ALL',
    'INLINE_OPENING',
    'LOG_KEPT_FOR_A_TIME',
    'TABLE_RECOVERABLE',
    'SECRET_UNDER_KEY',
    'BUCKET_CLOSED',
    'INSTANCE_HARDENED',
    'STREAMS_UNCUT',
  ]);
});
