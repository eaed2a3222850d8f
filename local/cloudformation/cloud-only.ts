import type { Place } from './place.ts';

/** A resource type that means nothing on one machine. */
export interface CloudOnly {
  readonly reason: string;
  /** Attributes that something local may still ask for, by name. Others stop the start. */
  readonly attributes?: Readonly<Record<string, (ref: string, place: Place) => string>>;
}

const network = 'all processes are on the loopback interface';
const hosts = 'the containers run as processes of this machine';
const watching = 'nobody is woken by a local run; logs are in the state directory';
const delivery = 'it serves deployments, not the running system';

const byReason: readonly (readonly [reason: string, types: readonly string[]])[] = [
  [
    network,
    [
      'AWS::EC2::EIP',
      'AWS::EC2::EgressOnlyInternetGateway',
      'AWS::EC2::FlowLog',
      'AWS::EC2::InternetGateway',
      'AWS::EC2::NatGateway',
      'AWS::EC2::NetworkAcl',
      'AWS::EC2::Route',
      'AWS::EC2::RouteTable',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupEgress',
      'AWS::EC2::SecurityGroupIngress',
      'AWS::EC2::Subnet',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::EC2::VPC',
      'AWS::EC2::VPCCidrBlock',
      'AWS::EC2::VPCEndpoint',
      'AWS::EC2::VPCGatewayAttachment',
      'AWS::ElasticLoadBalancingV2::Listener',
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::ElasticLoadBalancingV2::TargetGroup',
      'AWS::Route53::HostedZone',
      'AWS::Route53::RecordSet',
      'AWS::ApiGatewayV2::ApiMapping',
      'AWS::ApiGatewayV2::DomainName',
      'Custom::VpcRestrictDefaultSG',
    ],
  ],
  [
    hosts,
    [
      'AWS::AutoScaling::AutoScalingGroup',
      'AWS::AutoScaling::LifecycleHook',
      'AWS::AutoScaling::ScalingPolicy',
      'AWS::ApplicationAutoScaling::ScalableTarget',
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      'AWS::EC2::LaunchTemplate',
      'AWS::ECS::CapacityProvider',
      'AWS::ECS::Cluster',
      'AWS::ECS::ClusterCapacityProviderAssociations',
      'AWS::ECS::Service',
      'AWS::IAM::InstanceProfile',
    ],
  ],
  [
    watching,
    [
      'AWS::CloudWatch::Alarm',
      'AWS::CloudWatch::CompositeAlarm',
      'AWS::CloudWatch::Dashboard',
      'AWS::Logs::MetricFilter',
      'AWS::Logs::QueryDefinition',
      'AWS::SNS::Subscription',
      'AWS::SNS::TopicPolicy',
    ],
  ],
  [delivery, ['AWS::CDK::Metadata', 'AWS::CloudFormation::WaitConditionHandle']],
];

const detailed: Readonly<Record<string, CloudOnly>> = {
  'AWS::Logs::LogGroup': {
    reason: 'functions and processes log to files in the state directory',
    attributes: { Arn: (ref, { account, region }) => `arn:aws:logs:${region}:${account}:log-group:${ref}:*` },
  },
  'AWS::SNS::Topic': {
    reason: watching,
    attributes: { TopicName: (ref) => ref },
  },
};

/** Every resource type that is known and not made here. */
export const cloudOnly: ReadonlyMap<string, CloudOnly> = new Map([
  ...byReason.flatMap(([reason, types]) => types.map((type) => [type, { reason }] as const)),
  ...Object.entries(detailed),
]);

export function cloudOnlyAttribute(asked: {
  readonly type: string;
  readonly only: CloudOnly;
  readonly name: string;
  readonly ref: string;
  readonly place: Place;
}): string {
  const attribute = asked.only.attributes?.[asked.name];
  if (attribute !== undefined) return attribute(asked.ref, asked.place);
  throw new Error(
    `something local asks for ${asked.name} of a ${asked.type}, which exists in the cloud only (${asked.only.reason}): make it a setting that local/system overrides, or say in local/cloudformation/cloud-only.ts what it is here`,
  );
}
