import { Stack } from 'aws-cdk-lib';
import { FlowLogDestination, FlowLogTrafficType, IpAddresses, IpProtocol, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { StageConfig } from '../stage-config.ts';
import { HouseLogGroup } from './house-log-group.ts';
import { HouseRole } from './house-role.ts';

/**
 * Two or three zones, IPv4 and IPv6, one public subnet each and nothing else: no NAT gateway, because everything that
 * runs here calls AWS and is called through a balancer; what admits callers is the security groups, not the routing
 * (docs/decisions/004-network.md has the sums).
 */
export class HouseVpc extends Construct {
  readonly vpc: Vpc;

  constructor(scope: Construct, id: string, options: { readonly config: StageConfig; readonly key: IKey }) {
    super(scope, id);
    const { config, key } = options;
    const stack = Stack.of(this);
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.84.0.0/16'),
      ipProtocol: IpProtocol.DUAL_STACK,
      maxAzs: typeof config.zones === 'number' ? config.zones : config.zones.length,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: false },
      ],
      // Only a function of the CDK's own, under a managed policy, could empty the default group. Nothing here is in it.
      restrictDefaultSecurityGroup: false,
    });
    const logGroup = new HouseLogGroup(this, 'FlowLogs', { key, days: config.retention.flowLogDays });
    const role = new HouseRole(this, 'FlowLogRole', {
      principal: new ServicePrincipal('vpc-flow-logs.amazonaws.com').withConditions({
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': stack.formatArn({ service: 'ec2', resource: 'vpc-flow-log', resourceName: '*' }) },
      }),
      description: 'Sallyport: writes the network flow log',
      statements: [
        new PolicyStatement({
          sid: 'Logs',
          actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
      ],
    });
    // The refused alone: whom we let in stands in the audit table, and the accepted flows would cost more than the rest.
    this.vpc.addFlowLog('Refused', {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup, role.withoutPolicyUpdates()),
      trafficType: FlowLogTrafficType.REJECT,
    });
  }
}
