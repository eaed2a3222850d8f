import type { INetworkLoadBalancer, INetworkTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { AlarmSpec } from '../constructs/alarm-set.ts';
import { sumOf } from '../constructs/house-metric.ts';

/** The balancers of profile `standard` and what stands behind them. */
export type Fronts = {
  readonly balancers: readonly INetworkLoadBalancer[];
  readonly targets: readonly INetworkTargetGroup[];
};

export const frontAlarms = ({ balancers, targets }: Fronts): readonly AlarmSpec[] => [
  {
    id: 'TargetsUnhealthy',
    says: 'A relay or router does not answer its balancer.',
    metric: sumOf(
      targets.map((target) => target.metrics.unHealthyHostCount({ statistic: 'Maximum' })),
      'unhealthy',
    ),
    ...{ is: 'atLeast', threshold: 1, bad: 2, of: 2, silence: 'fine', weight: 'look' },
  },
  {
    id: 'BalancerPortsSpent',
    says: 'A balancer has no source port left for a target, and refuses connections.',
    metric: sumOf(
      balancers.map((balancer) => balancer.metrics.custom('PortAllocationErrorCount', { statistic: 'Sum' })),
      'refused connections',
    ),
    ...{ is: 'atLeast', threshold: 1, silence: 'fine', weight: 'outage' },
  },
];
