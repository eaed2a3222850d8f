import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Foundation } from '../foundation.ts';
import { adminPorts, ports } from '../house.ts';
import { keyStatement } from '../rights/key-right.ts';
import { routerRights } from '../rights/process-needs.ts';
import { secretStatement, secretVariable } from '../rights/secret-right.ts';
import { tableSettings, tableStatement } from '../rights/table-right.ts';
import { proxyDomain, type StageConfig } from '../stage-config.ts';
import { HouseTask } from './house-task.ts';

/** The router: which settings it gets, and what it may. */
export class RouterTask extends HouseTask {
  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly config: StageConfig;
      readonly foundation: Foundation;
      readonly openForJump: IFunction;
      readonly version: string;
    },
  ) {
    const { config, foundation, openForJump, version } = options;
    const { secrets, tokens } = foundation;
    const { router } = config;
    // A certificate and links are for names: without a domain there are none, and SSH is the way in.
    const named = config.domain !== undefined;
    super(scope, id, {
      name: 'router',
      version,
      key: foundation.key,
      logDays: config.retention.logDays,
      image: router.image,
      memoryMebibytes: router.memoryMebibytes,
      stopSeconds: router.drainSeconds,
      ports: [ports.router],
      environment: {
        ...tableSettings(routerRights, foundation),
        [secretVariable.routerHostKeys]: secrets.routerHostKeys.secretArn,
        ...(named
          ? {
              [secretVariable.certificate]: secrets.certificate.secretArn,
              [secretVariable.linkKey]: secrets.linkKey.secretArn,
            }
          : {}),
        SALLYPORT_DOMAIN: proxyDomain(config),
        SALLYPORT_ROUTER_LISTEN: `0.0.0.0:${ports.router}`,
        SALLYPORT_ADMIN_LISTEN: `127.0.0.1:${adminPorts.router}`,
        ...(named && config.profile === 'small' ? { SALLYPORT_RELAY_BACKEND: `127.0.0.1:${ports.wrapped}` } : {}),
        SALLYPORT_OPEN_FOR_JUMP: openForJump.functionArn,
        SALLYPORT_TOKEN_ISSUER: tokens.issuer,
        SALLYPORT_TOKEN_AUDIENCE: tokens.audience,
        SALLYPORT_TOKEN_JWKS: tokens.jwks,
        SALLYPORT_SIGN_IN_SECONDS: String(config.signInSeconds),
        SALLYPORT_PROXY_PROTOCOL: config.profile === 'small' ? 'off' : 'required',
        SALLYPORT_DRAIN_SECONDS: String(router.drainSeconds),
      },
      statements: [
        ...routerRights.map((right) => tableStatement(right, foundation)),
        secretStatement(foundation, 'routerHostKeys', 'GetSecretValue'),
        ...(named
          ? [
              secretStatement(foundation, 'certificate', 'GetSecretValue'),
              secretStatement(foundation, 'linkKey', 'GetSecretValue'),
            ]
          : []),
        new PolicyStatement({
          sid: 'OpenForJump',
          actions: ['lambda:InvokeFunction'],
          resources: [openForJump.functionArn],
        }),
        keyStatement(foundation, ['dynamodb', 'secretsmanager']),
      ],
    });
  }
}
