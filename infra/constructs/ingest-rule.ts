import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { iotArn } from '../rights/iot-right.ts';
import type { StageConfig } from '../stage-config.ts';
import { HouseLogGroup } from './house-log-group.ts';
import { HouseRole } from './house-role.ts';
import { runByEvents } from './run-by-events.ts';

/** An IoT rule that hands messages to one function. What the function could not be given ends in the rule's own log group. */
export class IngestRule extends Construct {
  /** Of what could not be handed over. */
  readonly errors: HouseLogGroup;

  constructor(
    scope: Construct,
    id: string,
    options: {
      /** Of `core/names`: basic ingest addresses the rule by it. */
      readonly ruleName: string;
      readonly description: string;
      readonly sql: string;
      readonly target: LambdaFunction;
      readonly config: StageConfig;
      readonly key: IKey;
    },
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    const { ruleName, target } = options;
    const ruleArn = iotArn(stack, 'rule', ruleName);
    this.errors = new HouseLogGroup(this, 'Errors', { key: options.key, days: options.config.retention.logDays });
    const role = new HouseRole(this, 'ErrorRole', {
      principal: new ServicePrincipal('iot.amazonaws.com').withConditions({
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnEquals: { 'aws:SourceArn': ruleArn },
      }),
      description: `Sallyport rule ${ruleName}: notes what it could not hand over`,
      statements: [
        new PolicyStatement({
          sid: 'Logs',
          actions: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          resources: [this.errors.logGroupArn],
        }),
      ],
    });
    new CfnTopicRule(this, 'Rule', {
      ruleName,
      topicRulePayload: {
        description: options.description,
        sql: options.sql,
        awsIotSqlVersion: '2016-03-23',
        ruleDisabled: false,
        actions: [{ lambda: { functionArn: target.functionArn } }],
        errorAction: { cloudwatchLogs: { logGroupName: this.errors.logGroupName, roleArn: role.roleArn } },
      },
    });
    target.addPermission('Rule', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceArn: ruleArn,
      sourceAccount: stack.account,
    });
    runByEvents(target);
  }
}
