import { Stack } from 'aws-cdk-lib';
import type { CfnEIP, ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  AsgCapacityProvider,
  type Cluster,
  Ec2Service,
  type Ec2TaskDefinition,
  PlacementConstraint,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { frontPorts } from '../house.ts';
import { addressStatements } from '../rights/instance-right.ts';
import { InstanceGroup } from './instance-group.ts';

export type SmallFleetOptions = {
  readonly vpc: IVpc;
  readonly wall: ISecurityGroup;
  readonly addresses: readonly CfnEIP[];
  readonly cluster: Cluster;
  readonly definitions: Readonly<Record<'relay' | 'router', Ec2TaskDefinition>>;
  readonly instanceType: string;
  readonly architecture: 'arm64' | 'x86_64';
  readonly stage: string;
};

/**
 * One or two instances, each with a relay, a router and an address of its own that outlives it. Each is a group of one
 * in a zone of its own: a dead one is replaced there, and its successor takes the address. There is nothing in front,
 * so a deployment stops the old process before it starts the new, one instance at a time.
 */
export class SmallFleet extends Construct {
  readonly services: Readonly<Record<'relay' | 'router', Ec2Service>>;

  constructor(scope: Construct, id: string, options: SmallFleetOptions) {
    super(scope, id);
    const stack = Stack.of(this);
    const { vpc, cluster, addresses } = options;
    for (const [zone, address] of addresses.entries()) {
      const instances = new InstanceGroup(this, `Instance${zone + 1}`, {
        vpc,
        wall: options.wall,
        instanceType: options.instanceType,
        architecture: options.architecture,
        clusterArn: cluster.clusterArn,
        min: 1,
        max: 1,
        zone,
        start: {
          trackedConnections: 131_072,
          front: { allocation: address.attrAllocationId, region: stack.region, ports: frontPorts.router },
        },
        statements: addressStatements(stack, {
          allocation: address.attrAllocationId,
          stage: options.stage,
          vpcArn: stack.formatArn({ service: 'ec2', resource: 'vpc', resourceName: vpc.vpcId }),
        }),
        protectedFromScaleIn: false,
      });
      cluster.addAsgCapacityProvider(
        new AsgCapacityProvider(this, `Capacity${zone + 1}`, {
          autoScalingGroup: instances.group,
          // Its size is fixed; it is here for the draining.
          enableManagedScaling: false,
          enableManagedTerminationProtection: false,
          enableManagedDraining: true,
        }),
      );
    }
    const count = addresses.length;
    const service = (name: string, taskDefinition: Ec2TaskDefinition) =>
      new Ec2Service(this, name, {
        cluster,
        taskDefinition,
        desiredCount: count,
        minHealthyPercent: count === 1 ? 0 : 50,
        maxHealthyPercent: 100,
        circuitBreaker: { rollback: true },
        placementConstraints: [PlacementConstraint.distinctInstances()],
        propagateTags: PropagatedTagSource.SERVICE,
        enableECSManagedTags: true,
      });
    this.services = {
      relay: service('Relay', options.definitions.relay),
      router: service('Router', options.definitions.router),
    };
  }
}
