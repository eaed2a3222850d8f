import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ingestSql, rules, topics } from '../../core/names.ts';
import { AuditVerifier } from '../constructs/audit-verifier.ts';
import { ChangeStream } from '../constructs/change-stream.ts';
import { DeviceIdentity } from '../constructs/device-identity.ts';
import { FunctionSet } from '../constructs/function-set.ts';
import { HostKeys } from '../constructs/host-keys.ts';
import { HouseApi } from '../constructs/house-api.ts';
import { IngestRule } from '../constructs/ingest-rule.ts';
import { OperatorAuthorizer } from '../constructs/operator-authorizer.ts';
import { runByEvents } from '../constructs/run-by-events.ts';
import type { Foundation } from '../foundation.ts';
import { proxyDomain, type StageConfig } from '../stage-config.ts';

/** The functions and whatever calls them. Holds no state: it may be deleted and made again. */
export class ControlStack extends Stack {
  /** What routers invoke to open a tunnel on demand. */
  readonly openForJump: IFunction;

  constructor(
    scope: Construct,
    id: string,
    props: StackProps & { readonly config: StageConfig; readonly foundation: Foundation; readonly assets: string },
  ) {
    super(scope, id, props);
    const { config, foundation, assets } = props;
    const { key, tokens } = foundation;
    const functions = new FunctionSet(this, 'Functions', { config, foundation, assets }).byName;
    this.openForJump = functions['open-for-jump'];

    const shared = { functions, config, key };
    const jwt = new HouseApi(this, 'JwtApi', {
      ...shared,
      name: `sallyport-${config.name}-jwt`,
      authorizer: new HttpJwtAuthorizer('Tokens', tokens.issuer, { jwtAudience: [tokens.audience] }),
    });
    const iam = new HouseApi(this, 'IamApi', {
      ...shared,
      name: `sallyport-${config.name}-iam`,
      authorizer: new HttpIamAuthorizer(),
    });

    new DeviceIdentity(this, 'DeviceIdentity', { config });
    new OperatorAuthorizer(this, 'OperatorAuthorizer', { target: functions['mqtt-authorizer'] });
    new IngestRule(this, 'DeviceEvents', {
      ruleName: rules.deviceEvents,
      description: 'What devices say of themselves',
      sql: ingestSql('device', topics.events('+')),
      target: functions['device-event'],
      config,
      key,
    });
    new IngestRule(this, 'OperatorRequests', {
      ruleName: rules.operatorRequests,
      description: "Operators' requests by MQTT",
      sql: ingestSql('operator', topics.operatorRequests('+')),
      target: functions['tunnel-request-mqtt'],
      config,
      key,
    });
    new ChangeStream(this, 'TunnelChanges', { table: foundation.tables.tunnels, target: functions.notify });
    new Rule(this, 'EachMinute', {
      description: 'Ends what is overdue',
      schedule: Schedule.rate(Duration.minutes(1)),
      // The next minute comes soon enough: an old or repeated tick is worth nothing.
      targets: [new LambdaTarget(functions.sweep, { maxEventAge: Duration.seconds(60), retryAttempts: 0 })],
    });
    runByEvents(functions.sweep);
    new HostKeys(this, 'HostKeys', { target: functions['host-keys'], foundation });

    const verifier = new AuditVerifier(this, 'AuditVerifier', { foundation });

    new CfnOutput(this, 'JwtApiUrl', { value: jwt.url });
    new CfnOutput(this, 'IamApiUrl', { value: iam.url });
    new CfnOutput(this, 'Domain', { value: proxyDomain(config) });
    new CfnOutput(this, 'AuditVerifierRole', { value: verifier.role.roleArn });
    new CfnOutput(this, 'AuditTable', { value: foundation.tables.audit.tableName });
    // CloudFormation knows no attribute for the account's endpoint.
    new CfnOutput(this, 'IotEndpointCommand', {
      value: `aws iot describe-endpoint --endpoint-type iot:Data-ATS --region ${this.region}`,
    });
  }
}
