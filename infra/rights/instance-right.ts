import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** What the ECS agent of an instance does, in one cluster. The containers have roles of their own. */
export const agentStatements = (stack: Stack, clusterArn: string): readonly PolicyStatement[] => [
  new PolicyStatement({
    sid: 'Register',
    actions: [
      'ecs:DeregisterContainerInstance',
      'ecs:RegisterContainerInstance',
      'ecs:SubmitAttachmentStateChanges',
      'ecs:SubmitContainerStateChange',
      'ecs:SubmitTaskStateChange',
    ],
    resources: [clusterArn],
  }),
  new PolicyStatement({
    sid: 'Work',
    actions: ['ecs:Poll', 'ecs:StartTelemetrySession'],
    resources: [stack.formatArn({ service: 'ecs', resource: 'container-instance', resourceName: '*' })],
    conditions: { ArnEquals: { 'ecs:cluster': clusterArn } },
  }),
  // Where to poll: AWS knows no resource here.
  new PolicyStatement({ sid: 'Endpoint', actions: ['ecs:DiscoverPollEndpoint'], resources: ['*'] }),
];

/** To take one address for an instance of this stage, and no other address, nor for another's instance. */
export const addressStatements = (
  stack: Stack,
  options: { readonly allocation: string; readonly stage: string; readonly vpcArn: string },
): readonly PolicyStatement[] => {
  const ec2Arn = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'ec2', resource, resourceName });
  return [
    new PolicyStatement({
      sid: 'Address',
      actions: ['ec2:AssociateAddress'],
      resources: [ec2Arn('elastic-ip', options.allocation)],
    }),
    new PolicyStatement({
      sid: 'AddressOfInstance',
      actions: ['ec2:AssociateAddress'],
      resources: [ec2Arn('instance', '*')],
      conditions: { StringEquals: { 'aws:ResourceTag/sallyport': options.stage } },
    }),
    new PolicyStatement({
      sid: 'AddressOfInterface',
      actions: ['ec2:AssociateAddress'],
      resources: [ec2Arn('network-interface', '*')],
      conditions: { ArnEquals: { 'ec2:Vpc': options.vpcArn } },
    }),
  ];
};
