import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { accessAlarms } from '../alarms/access.ts';
import { functionAlarms, type Watched } from '../alarms/functions.ts';
import { type Fronts, frontAlarms } from '../alarms/ground.ts';
import { canaryAlarms, exportAlarms } from '../alarms/optional.ts';
import { processAlarms } from '../alarms/processes.ts';
import { promiseAlarms } from '../alarms/promises.ts';
import { AlarmSet } from '../constructs/alarm-set.ts';
import { AuditExport } from '../constructs/audit-export.ts';
import { MonthlyBudget } from '../constructs/budget.ts';
import { Canary } from '../constructs/canary.ts';
import { StageDashboard } from '../constructs/dashboard.ts';
import type { Foundation } from '../foundation.ts';
import type { StageConfig } from '../stage-config.ts';

type Props = StackProps & {
  readonly config: StageConfig;
  readonly foundation: Foundation;
  readonly assets: string;
  /** Begins the names of alarms and dashboard: the stage, and its Region where there are several. */
  readonly prefix: string;
  readonly watched: Watched;
  /** Of profile `standard`. */
  readonly fronts: Fronts | undefined;
  /** What operators dial: where the canary knocks. */
  readonly routerHost: string;
  /** Of the API for IAM's signatures, which is the canary's. */
  readonly iamApi: { readonly url: string; readonly id: string } | undefined;
};

/** Who watches, and what is kept of it elsewhere. Holds no state: it may be deleted and made again. */
export class OperationsStack extends Stack {
  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id, props);
    const { config, foundation, prefix, fronts } = props;
    const topic = new Topic(this, 'Alarms', { displayName: `Sallyport ${config.name}`, enforceSSL: true });
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OurAlarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    if (config.alarms.email !== undefined) topic.addSubscription(new EmailSubscription(config.alarms.email));

    const exporter =
      config.auditExport === undefined
        ? undefined
        : new AuditExport(this, 'AuditExport', { ...props, ...config.auditExport });
    const canary =
      config.canary && props.iamApi !== undefined
        ? new Canary(this, 'Canary', { ...props, api: props.iamApi })
        : undefined;

    const set = new AlarmSet(this, 'Alarm', {
      prefix,
      action: new SnsAction(topic),
      specs: [
        ...promiseAlarms(),
        ...accessAlarms(),
        ...processAlarms(config),
        ...functionAlarms(props.watched, foundation),
        ...(fronts === undefined ? [] : frontAlarms(fronts)),
        ...(exporter === undefined ? [] : exportAlarms(exporter.lambda)),
        ...(canary === undefined ? [] : canaryAlarms(config)),
      ],
    });
    const dashboard = new StageDashboard(this, 'Dashboard', {
      name: prefix,
      config,
      alarms: [set.well, ...set.alarms],
    });
    if (config.budget !== undefined)
      new MonthlyBudget(this, 'Budget', {
        ...config.budget,
        name: prefix,
        tag: { key: 'sallyport', value: config.name },
      });

    new CfnOutput(this, 'DashboardUrl', {
      value: `https://${this.region}.console.aws.amazon.com/cloudwatch/home?region=${this.region}#dashboards:name=${dashboard.dashboardName}`,
    });
    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn });
    if (canary !== undefined) new CfnOutput(this, 'CanaryFunction', { value: canary.lambda.functionName });
  }
}
