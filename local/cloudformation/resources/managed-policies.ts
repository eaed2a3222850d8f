import type { Cloud } from '../cloud.ts';

/**
 * AWS's own managed policies that the templates may name, as AWS publishes them (AWS Managed Policy Reference). Of
 * roles that only machines in the cloud take (instance profiles, task execution) they are listed in short: nobody uses
 * them here.
 */
const awsManaged: Readonly<Record<string, unknown>> = {
  'service-role/AWSLambdaBasicExecutionRole': allow([
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ]),
  'service-role/AWSLambdaVPCAccessExecutionRole': allow([
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ]),
  AWSXRayDaemonWriteAccess: allow([
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
  ]),
  AmazonSSMManagedInstanceCore: allow([
    'ssm:GetParameter',
    'ssm:UpdateInstanceInformation',
    'ssmmessages:CreateControlChannel',
    'ssmmessages:CreateDataChannel',
    'ssmmessages:OpenControlChannel',
    'ssmmessages:OpenDataChannel',
  ]),
  'service-role/AmazonEC2ContainerServiceforEC2Role': allow([
    'ecs:DiscoverPollEndpoint',
    'ecs:Poll',
    'ecs:RegisterContainerInstance',
    'ecs:StartTelemetrySession',
    'ecs:SubmitContainerStateChange',
    'ecs:SubmitTaskStateChange',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ]),
};

const prefix = 'arn:aws:iam::aws:policy/';

/** The document of a managed policy. Throws when it is neither in the templates nor known here. */
export function managedPolicy(arn: string, cloud: Cloud): unknown {
  const known = arn.startsWith(prefix) ? awsManaged[arn.slice(prefix.length)] : cloud.managedPolicies.get(arn);
  if (known !== undefined) return known;
  throw new Error(`${arn} is not known here: copy it to local/cloudformation/resources/managed-policies.ts`);
}

function allow(actions: readonly string[]): unknown {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
}
