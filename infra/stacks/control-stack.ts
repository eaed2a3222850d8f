import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ingestSql, rules, topics } from '../../core/names.ts';
import type { Watched } from '../alarms/functions.ts';
import { AuditorRole } from '../constructs/auditor-role.ts';
import { ChangeStream } from '../constructs/change-stream.ts';
import { DeviceIdentity } from '../constructs/device-identity.ts';
import { FleetProvisioning } from '../constructs/fleet-provisioning.ts';
import { FleetRole } from '../constructs/fleet-role.ts';
import { FunctionSet } from '../constructs/function-set.ts';
import { HostKeys } from '../constructs/host-keys.ts';
import { HouseApi } from '../constructs/house-api.ts';
import { IngestRule } from '../constructs/ingest-rule.ts';
import { KeyRotation } from '../constructs/key-rotation.ts';
import { OperatorAuthorizer } from '../constructs/operator-authorizer.ts';
import { RevocationRule } from '../constructs/revocation-rule.ts';
import { runByEvents } from '../constructs/run-by-events.ts';
import type { Foundation } from '../foundation.ts';
import { proxyDomain, type StageConfig } from '../stage-config.ts';

/** The functions and whatever calls them. Holds no state: it may be deleted and made again. */
export class ControlStack extends Stack {
  /** What routers invoke to open a tunnel on demand. */
  readonly openForJump: IFunction;
  /** What the alarms look at. */
  readonly watched: Watched;
  readonly iamApi: HouseApi | undefined;

  constructor(
    scope: Construct,
    id: string,
    props: StackProps & {
      readonly config: StageConfig;
      readonly foundation: Foundation;
      readonly assets: string;
      readonly relayHost: string;
    },
  ) {
    super(scope, id, props);
    const { config, foundation, assets } = props;
    const { key, tokens } = foundation;
    const functions = new FunctionSet(this, 'Functions', { config, foundation, assets, relayHost: props.relayHost })
      .byName;
    this.openForJump = functions['open-for-jump'];

    const shared = { functions, config, key };
    const jwt = new HouseApi(this, 'JwtApi', {
      ...shared,
      name: `sallyport-${config.name}-jwt`,
      authorizer: new HttpJwtAuthorizer('Tokens', tokens.issuer, { jwtAudience: [tokens.audience] }),
    });
    this.iamApi = config.iamApi
      ? new HouseApi(this, 'IamApi', {
          ...shared,
          name: `sallyport-${config.name}-iam`,
          authorizer: new HttpIamAuthorizer(),
        })
      : undefined;
    if (this.iamApi !== undefined) new CfnOutput(this, 'IamApiUrl', { value: this.iamApi.url });

    new DeviceIdentity(this, 'DeviceIdentity', { config });
    new FleetProvisioning(this, 'FleetProvisioning', { hook: functions['provisioning-hook'] });
    new RevocationRule(this, 'Revocation', { target: functions['device-revoked'] });
    new OperatorAuthorizer(this, 'OperatorAuthorizer', { target: functions['mqtt-authorizer'] });
    const deviceEvents = new IngestRule(this, 'DeviceEvents', {
      ruleName: rules.deviceEvents,
      description: 'What devices say of themselves',
      sql: ingestSql('device', topics.events('+')),
      target: functions['device-event'],
      config,
      key,
    });
    const operatorRequests = new IngestRule(this, 'OperatorRequests', {
      ruleName: rules.operatorRequests,
      description: "Operators' requests by MQTT",
      sql: ingestSql('operator', topics.operatorRequests('+')),
      target: functions['tunnel-request-mqtt'],
      config,
      key,
    });
    this.watched = {
      functions,
      apiIds: [jwt, this.iamApi].flatMap((api) => (api === undefined ? [] : [api.id])),
      undelivered: [deviceEvents.errors, operatorRequests.errors],
    };
    new ChangeStream(this, 'TunnelChanges', { table: foundation.tables.tunnels, target: functions.notify });
    new Rule(this, 'EachMinute', {
      description: 'Ends what is overdue',
      schedule: Schedule.rate(Duration.minutes(1)),
      // The next minute comes soon enough: an old or repeated tick is worth nothing.
      targets: [new LambdaTarget(functions.sweep, { maxEventAge: Duration.seconds(60), retryAttempts: 0 })],
    });
    runByEvents(functions.sweep);
    const { anchorKey } = new HostKeys(this, 'HostKeys', { target: functions['host-keys'], foundation });
    new KeyRotation(this, 'KeyRotation', { target: functions['rotate-host-keys'] });

    const fleet = new FleetRole(this, 'Fleet');
    const auditor = new AuditorRole(this, 'Auditor', { foundation });

    new CfnOutput(this, 'FleetRole', { value: fleet.roleArn });
    new CfnOutput(this, 'AuditorRole', { value: auditor.roleArn });
    new CfnOutput(this, 'AnchorKey', { value: anchorKey });
    new CfnOutput(this, 'RotateHostKeys', { value: functions['rotate-host-keys'].functionName });
    new CfnOutput(this, 'JwtApiUrl', { value: jwt.url });
    new CfnOutput(this, 'Domain', { value: proxyDomain(config) });
    // CloudFormation knows no attribute for the account's endpoint.
    new CfnOutput(this, 'IotEndpointCommand', {
      value: `aws iot describe-endpoint --endpoint-type iot:Data-ATS --region ${this.region}`,
    });
  }
}
