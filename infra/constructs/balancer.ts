import { Duration } from 'aws-cdk-lib';
import { type IVpc, SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  CfnListener,
  IpAddressType,
  NetworkLoadBalancer,
  NetworkTargetGroup,
  Protocol,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { idleSeconds } from '../house.ts';
import { HouseWall } from './house-wall.ts';

/**
 * A network load balancer that passes TCP on with a PROXY v2 header. It does not keep client addresses: with them one
 * target takes 55,000 connections at most, and two devices behind one carrier may collide.
 */
export class Balancer extends Construct {
  readonly balancer: NetworkLoadBalancer;
  readonly target: NetworkTargetGroup;
  readonly wall: HouseWall;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly vpc: IVpc;
      /** What callers dial. */
      readonly frontPorts: readonly number[];
      /** Where the process behind it listens. */
      readonly port: number;
      readonly deregistrationSeconds: number;
      readonly purpose: string;
    },
  ) {
    super(scope, id);
    const { vpc, port, purpose } = options;
    this.wall = new HouseWall(this, 'Wall', { vpc, description: `Sallyport: ${purpose}` });
    this.balancer = new NetworkLoadBalancer(this, 'Balancer', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      internetFacing: true,
      ipAddressType: IpAddressType.DUAL_STACK,
      // A group can be attached at creation only.
      securityGroups: [this.wall],
      // A zone with one target of three would else give it half of everything.
      crossZoneEnabled: true,
      zonalShift: true,
    });
    this.target = new NetworkTargetGroup(this, 'Target', {
      vpc,
      port,
      protocol: Protocol.TCP,
      targetType: TargetType.INSTANCE,
      proxyProtocolV2: true,
      preserveClientIp: false,
      deregistrationDelay: Duration.seconds(options.deregistrationSeconds),
      connectionTermination: false,
      // Alive and nothing else: ECS replaces what fails here, and with it every stream that it holds.
      healthCheck: {
        protocol: Protocol.TCP,
        interval: Duration.seconds(10),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    // Otherwise a relay that is too busy to answer a check loses all its tunnels at that moment.
    this.target.setAttribute('target_health_state.unhealthy.connection_termination.enabled', 'false');
    for (const frontPort of options.frontPorts) {
      const listener = this.balancer.addListener(`Port${frontPort}`, {
        port: frontPort,
        protocol: Protocol.TCP,
        defaultTargetGroups: [this.target],
      });
      const resource = listener.node.defaultChild;
      if (!(resource instanceof CfnListener)) throw new Error('a listener without its resource');
      resource.listenerAttributes = [{ key: 'tcp.idle_timeout.seconds', value: String(idleSeconds) }];
      this.wall.admitAll(frontPort, purpose, 'both');
    }
  }
}
