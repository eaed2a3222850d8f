import { Stack, type StackProps } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type MetricName, metricNamespace } from '../../core/metric-names.ts';
import { Fleet } from '../constructs/fleet.ts';
import { GatewayEndpoints } from '../constructs/gateway-endpoints.ts';
import { HouseCluster } from '../constructs/house-cluster.ts';
import { RelayTask } from '../constructs/relay-task.ts';
import { RouterTask } from '../constructs/router-task.ts';
import { SmallFleet } from '../constructs/small-fleet.ts';
import type { Foundation } from '../foundation.ts';
import { renewalDays } from '../house.ts';
import { relayRights, routerRights } from '../rights/process-needs.ts';
import { instanceTypeOf } from '../stage/capacity.ts';
import type { StageConfig } from '../stage-config.ts';
import type { Ground } from './network-stack.ts';

type Props = StackProps & {
  readonly config: StageConfig;
  readonly foundation: Foundation;
  readonly openForJump: IFunction;
  readonly version: string;
  /** Nothing for profile `none`, whose containers run elsewhere. */
  readonly ground: Ground | undefined;
};

/** The relays and routers, and the instances that carry them. Holds no state: it may be deleted and made again. */
export class DataStack extends Stack {
  readonly relay: RelayTask;
  readonly router: RouterTask;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id, props);
    const { config, foundation, openForJump, version, ground } = props;
    this.relay = new RelayTask(this, 'Relay', { config, foundation, version });
    this.router = new RouterTask(this, 'Router', { config, foundation, openForJump, version });
    if (ground === undefined) return;

    const { vpc } = ground;
    new GatewayEndpoints(this, 'Endpoints', {
      vpc,
      foundation,
      callers: [
        { roleArn: this.relay.roleArn, rights: relayRights },
        { roleArn: this.router.roleArn, rights: routerRights },
      ],
    });
    const cluster = new HouseCluster(this, 'Cluster', { vpc });
    if (ground.kind === 'small') this.startSmall(ground, cluster, config);
    else this.startStandard(ground, cluster, config);
  }

  private startSmall(ground: Ground & { readonly kind: 'small' }, cluster: HouseCluster, config: StageConfig): void {
    new SmallFleet(this, 'Fleet', {
      vpc: ground.vpc,
      wall: ground.wall,
      addresses: ground.addresses,
      cluster,
      definitions: { relay: this.relay.definition, router: this.router.definition },
      instanceType: instanceTypeOf(config, 'instances'),
      architecture: config.cpuArchitecture,
      stage: config.name,
    });
  }

  private startStandard(
    ground: Ground & { readonly kind: 'standard' },
    cluster: HouseCluster,
    config: StageConfig,
  ): void {
    const { relays, routers } = config.capacity;
    const shared = { vpc: ground.vpc, cluster, architecture: config.cpuArchitecture };
    new Fleet(this, 'Relays', {
      ...shared,
      ...ground.relay,
      definition: this.relay.definition,
      instanceType: instanceTypeOf(config, 'relays'),
      min: relays.min,
      max: relays.max,
      renewalDay: renewalDays.relay,
      load: {
        metric: new Metric({
          namespace: metricNamespace,
          metricName: 'tunnels' satisfies MetricName,
          // Each relay tells its own each minute, so that their average is the fleet's mean.
          dimensionsMap: { process: 'relay' },
          statistic: 'Average',
        }),
        target: relays.tunnelsPerRelay,
      },
    });
    new Fleet(this, 'Routers', {
      ...shared,
      ...ground.router,
      definition: this.router.definition,
      instanceType: instanceTypeOf(config, 'routers'),
      min: routers.min,
      max: routers.max,
      renewalDay: renewalDays.router,
    });
  }
}
