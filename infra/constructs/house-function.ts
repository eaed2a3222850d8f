import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { type PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  type CertificateFunctionName,
  certificateFunctions,
  type FunctionName,
  functions,
  type OperationsFunctionName,
  operationsFunctions,
} from '../functions.ts';
import { logStatement } from '../rights/log-right.ts';
import type { StageConfig } from '../stage-config.ts';
import { HouseLogGroup } from './house-log-group.ts';
import { HouseRole } from './house-role.ts';

/**
 * One handler with its own role, log group and environment. No X-Ray: a request crosses one function, and the time
 * spent in it stands in its metrics. No dead-letter queue: a command that comes a minute late must not be obeyed, and
 * what was lost is ended by the sweep.
 */
export class HouseFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly name: FunctionName | CertificateFunctionName | OperationsFunctionName;
      readonly assets: string;
      readonly config: StageConfig;
      readonly key: IKey;
      readonly environment: Readonly<Record<string, string>>;
      readonly statements: readonly PolicyStatement[];
      readonly reserved: number | undefined;
    },
  ) {
    super(scope, id);
    const { name, config } = options;
    const size = { ...functions, ...certificateFunctions, ...operationsFunctions }[name];
    const logGroup = new HouseLogGroup(this, 'Logs', { key: options.key, days: config.retention.logDays });
    const role = new HouseRole(this, 'Role', {
      principal: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Sallyport ${name}`,
      statements: [logStatement(logGroup), ...options.statements],
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      description: size.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: config.cpuArchitecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      handler: 'index.handler',
      code: Code.fromAsset(join(options.assets, 'lambdas', name)),
      memorySize: size.memoryMegabytes,
      timeout: Duration.seconds(size.timeoutSeconds),
      environment: { ...options.environment },
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      ...(options.reserved === undefined ? {} : { reservedConcurrentExecutions: options.reserved }),
    });
  }
}
