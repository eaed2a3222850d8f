import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  AsgCapacityProvider,
  AvailabilityZoneRebalancing,
  type Cluster,
  Ec2Service,
  type Ec2TaskDefinition,
  PlacementConstraint,
  PlacementStrategy,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import type { INetworkTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { InstanceGroup } from './instance-group.ts';
import { ServiceRenewal } from './service-renewal.ts';

export type FleetOptions = {
  readonly vpc: IVpc;
  readonly wall: ISecurityGroup;
  readonly target: INetworkTargetGroup;
  readonly cluster: Cluster;
  readonly definition: Ec2TaskDefinition;
  readonly instanceType: string;
  readonly architecture: 'arm64' | 'x86_64';
  readonly min: number;
  readonly max: number;
  /** Day of the month on which all instances are replaced. */
  readonly renewalDay: number;
  /** More tasks come when the average passes it. */
  readonly load?: { readonly metric: IMetric; readonly target: number };
};

/**
 * Relays or routers, one an instance, behind their balancer. A deployment starts the new ones beside the old, and the
 * old end when the new are healthy: for that moment the group may be twice as large, for both want the same ports.
 */
export class Fleet extends Construct {
  readonly service: Ec2Service;
  readonly instances: InstanceGroup;

  constructor(scope: Construct, id: string, options: FleetOptions) {
    super(scope, id);
    const { vpc, cluster, min, max } = options;
    this.instances = new InstanceGroup(this, 'Instances', {
      vpc,
      wall: options.wall,
      instanceType: options.instanceType,
      architecture: options.architecture,
      clusterArn: cluster.clusterArn,
      min,
      max: 2 * max,
      start: { trackedConnections: 1_048_576 },
      protectedFromScaleIn: true,
    });
    const provider = new AsgCapacityProvider(this, 'Capacity', {
      autoScalingGroup: this.instances.group,
      enableManagedScaling: true,
      enableManagedTerminationProtection: true,
      enableManagedDraining: true,
      targetCapacityPercent: 100,
      instanceWarmupPeriod: 120,
    });
    cluster.addAsgCapacityProvider(provider);
    this.service = new Ec2Service(this, 'Service', {
      cluster,
      taskDefinition: options.definition,
      capacityProviderStrategies: [{ capacityProvider: provider.capacityProviderName, weight: 1 }],
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      healthCheckGracePeriod: Duration.minutes(2),
      placementConstraints: [PlacementConstraint.distinctInstances()],
      placementStrategies: [PlacementStrategy.spreadAcross('attribute:ecs.availability-zone')],
      // It would stop tasks, and the tunnels in them, for the sake of evenness.
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      propagateTags: PropagatedTagSource.SERVICE,
      enableECSManagedTags: true,
    });
    this.service.attachToNetworkTargetGroup(options.target);
    new ServiceRenewal(this, 'Renewal', { service: this.service, day: options.renewalDay });

    const scaling = this.service.autoScaleTaskCount({ minCapacity: min, maxCapacity: max });
    // Out at once, in slowly: what goes away has tunnels to hand over.
    const pace = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(15) };
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, ...pace });
    if (options.load !== undefined)
      scaling.scaleToTrackCustomMetric('Load', {
        metric: options.load.metric,
        targetValue: options.load.target,
        ...pace,
      });
  }
}
