import { Duration, Stack } from 'aws-cdk-lib';
import { AutoScalingGroup, GroupMetrics, TerminationPolicy } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  CfnLaunchTemplate,
  EbsDeviceVolumeType,
  InstanceType,
  type ISecurityGroup,
  type IVpc,
  LaunchTemplate,
  MachineImage,
  OperatingSystemType,
  SubnetType,
} from 'aws-cdk-lib/aws-ec2';
import { type PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { idleSeconds, instanceDays } from '../house.ts';
import { agentStatements } from '../rights/instance-right.ts';
import { HouseRole } from './house-role.ts';
import { type InstanceStart, instanceStart } from './instance-start.ts';

export type InstanceGroupOptions = {
  readonly vpc: IVpc;
  readonly wall: ISecurityGroup;
  readonly instanceType: string;
  readonly architecture: 'arm64' | 'x86_64';
  /** Its name comes into the user data with the capacity provider. */
  readonly clusterArn: string;
  readonly min: number;
  readonly max: number;
  /** The one zone, counted from 0, of a group that holds one instance. */
  readonly zone?: number;
  readonly start: InstanceStart;
  readonly statements?: readonly PolicyStatement[];
  /**
   * ECS takes away only what carries no task any more. The group's own maximum lifetime would spare such instances for
   * ever, so it stands in the other groups alone: `ServiceRenewal` is for these.
   */
  readonly protectedFromScaleIn: boolean;
};

/** AWS's public parameter, which names the newest image of Amazon Linux 2023 with Docker and the ECS agent. */
const imageParameter = (architecture: 'arm64' | 'x86_64'): string =>
  `/aws/service/ecs/optimized-ami/amazon-linux-2023${architecture === 'arm64' ? '/arm64' : ''}/recommended/image_id`;

/** Instances for one cluster: encrypted, reachable through their wall only, each with the image of the day it starts. */
export class InstanceGroup extends Construct {
  readonly group: AutoScalingGroup;

  constructor(scope: Construct, id: string, options: InstanceGroupOptions) {
    super(scope, id);
    const stack = Stack.of(this);
    const { vpc } = options;
    const role = new HouseRole(this, 'Role', {
      principal: new ServicePrincipal('ec2.amazonaws.com'),
      description: 'Sallyport: the ECS agent of an instance',
      statements: [...agentStatements(stack, options.clusterArn), ...(options.statements ?? [])],
    });
    const template = new LaunchTemplate(this, 'Template', {
      instanceType: new InstanceType(options.instanceType),
      // Asked for by each instance, not once a deployment.
      machineImage: MachineImage.resolveSsmParameterAtLaunch(imageParameter(options.architecture), {
        os: OperatingSystemType.LINUX,
      }),
      role: role.withoutPolicyUpdates(),
      userData: instanceStart(options.start),
      securityGroup: options.wall,
      // For calls to AWS without a NAT gateway; the wall admits nobody who is not to come.
      associatePublicIpAddress: true,
      requireImdsv2: true,
      // The agent and nothing behind a bridge.
      httpPutResponseHopLimit: 1,
      detailedMonitoring: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(30, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    const resource = template.node.defaultChild;
    if (!(resource instanceof CfnLaunchTemplate)) throw new Error('a launch template without its resource');
    // The construct knows neither. Newer instances forget an idle flow after 350 s, older ones after five days.
    const connection = 'LaunchTemplateData.NetworkInterfaces.0';
    resource.addPropertyOverride(`${connection}.ConnectionTrackingSpecification.TcpEstablishedTimeout`, idleSeconds);
    resource.addPropertyOverride(`${connection}.Ipv6AddressCount`, 1);
    const subnets = vpc.selectSubnets({ subnetType: SubnetType.PUBLIC }).subnets;
    this.group = new AutoScalingGroup(this, 'Group', {
      vpc,
      vpcSubnets: { subnets: options.zone === undefined ? subnets : subnets.slice(options.zone, options.zone + 1) },
      launchTemplate: template,
      minCapacity: options.min,
      maxCapacity: options.max,
      ...(options.protectedFromScaleIn ? {} : { maxInstanceLifetime: Duration.days(instanceDays) }),
      newInstancesProtectedFromScaleIn: options.protectedFromScaleIn,
      terminationPolicies: [TerminationPolicy.OLDEST_LAUNCH_TEMPLATE, TerminationPolicy.DEFAULT],
      groupMetrics: [GroupMetrics.all()],
    });
  }
}
