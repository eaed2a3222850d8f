import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

/** A cluster without Container Insights: our own metrics say more, and those are paid by the task and minute. */
export class HouseCluster extends Cluster {
  constructor(scope: Construct, id: string, options: { readonly vpc: IVpc }) {
    super(scope, id, { vpc: options.vpc, containerInsightsV2: ContainerInsights.DISABLED });
  }
}
