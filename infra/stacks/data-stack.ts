import { Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { HouseTask } from '../constructs/house-task.ts';
import type { Foundation } from '../foundation.ts';
import { keyStatement } from '../rights/key-right.ts';
import { relayRights, routerRights } from '../rights/process-needs.ts';
import { secretStatement, secretVariable } from '../rights/secret-right.ts';
import { tableSettings, tableStatement } from '../rights/table-right.ts';
import { proxyDomain, type StageConfig } from '../stage-config.ts';

/** Above 1023, because the processes are not root; the balancer shows the well-known ports. */
const ports = { relay: 2222, door: 7022, router: 8443 } as const;

/** The relays and routers. */
export class DataStack extends Stack {
  readonly relay: HouseTask;
  readonly router: HouseTask;

  constructor(
    scope: Construct,
    id: string,
    props: StackProps & {
      readonly config: StageConfig;
      readonly foundation: Foundation;
      readonly openForJump: IFunction;
      readonly version: string;
    },
  ) {
    super(scope, id, props);
    const { config, foundation, openForJump, version } = props;
    const { key, secrets, tokens } = foundation;
    const shared = { version, key, logDays: config.retention.logDays };
    const use = keyStatement(foundation, ['dynamodb', 'secretsmanager']);

    this.relay = new HouseTask(this, 'Relay', {
      ...shared,
      name: 'relay',
      image: config.relay.image,
      memoryMebibytes: config.relay.memoryMebibytes,
      drainSeconds: config.relay.drainSeconds,
      ports: [ports.relay, ports.door],
      environment: {
        ...tableSettings(relayRights, foundation),
        [secretVariable.hostKeys]: secrets.hostKeys.secretArn,
        SALLYPORT_RELAY_LISTEN: `0.0.0.0:${ports.relay}`,
        SALLYPORT_DOOR_LISTEN: `0.0.0.0:${ports.door}`,
        SALLYPORT_PROXY_PROTOCOL: 'required',
        SALLYPORT_DRAIN_SECONDS: String(config.relay.drainSeconds),
        SALLYPORT_VERSION: version,
      },
      statements: [
        ...relayRights.map((right) => tableStatement(right, foundation)),
        secretStatement(foundation, 'hostKeys', 'GetSecretValue'),
        use,
      ],
    });

    this.router = new HouseTask(this, 'Router', {
      ...shared,
      name: 'router',
      image: config.router.image,
      memoryMebibytes: config.router.memoryMebibytes,
      drainSeconds: config.router.drainSeconds,
      ports: [ports.router],
      environment: {
        ...tableSettings(routerRights, foundation),
        [secretVariable.routerHostKeys]: secrets.routerHostKeys.secretArn,
        // A certificate is for a name: without a domain there is neither, and SSH is the way in.
        ...(config.domain === undefined ? {} : { [secretVariable.certificate]: secrets.certificate.secretArn }),
        SALLYPORT_DOMAIN: proxyDomain(config),
        SALLYPORT_ROUTER_LISTEN: `0.0.0.0:${ports.router}`,
        SALLYPORT_OPEN_FOR_JUMP: openForJump.functionArn,
        SALLYPORT_TOKEN_ISSUER: tokens.issuer,
        SALLYPORT_TOKEN_AUDIENCE: tokens.audience,
        SALLYPORT_TOKEN_JWKS: tokens.jwks,
        SALLYPORT_SIGN_IN_SECONDS: String(config.signInSeconds),
        SALLYPORT_PROXY_PROTOCOL: 'required',
        SALLYPORT_DRAIN_SECONDS: String(config.router.drainSeconds),
      },
      statements: [
        ...routerRights.map((right) => tableStatement(right, foundation)),
        secretStatement(foundation, 'routerHostKeys', 'GetSecretValue'),
        ...(config.domain === undefined ? [] : [secretStatement(foundation, 'certificate', 'GetSecretValue')]),
        new PolicyStatement({
          sid: 'OpenForJump',
          actions: ['lambda:InvokeFunction'],
          resources: [openForJump.functionArn],
        }),
        use,
      ],
    });
  }
}
