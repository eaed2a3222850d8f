import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { tableVariable } from '../../core/names.ts';
import type { FunctionParts } from '../foundation.ts';
import type { CertificateFunctionName } from '../functions.ts';
import { keyStatement } from '../rights/key-right.ts';
import { secretStatement, secretVariable } from '../rights/secret-right.ts';
import { rows, tableStatement } from '../rights/table-right.ts';
import { HouseFunction } from './house-function.ts';
import { runByEvents } from './run-by-events.ts';

const audit = rows('audit', 'PutItem');

/** A function that brings the routers their certificate: it looks each hour whether there is anything to do. */
export class CertificateFunction extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: FunctionParts & {
      readonly name: CertificateFunctionName;
      readonly domain: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly statements: readonly PolicyStatement[];
      /** What else it is to look at once. */
      readonly pattern?: EventPattern;
    },
  ) {
    super(scope, id);
    const { name, config, foundation, assets } = options;
    const { lambda } = new HouseFunction(this, 'Function', {
      ...{ name, config, assets, key: foundation.key },
      environment: {
        [tableVariable('audit')]: foundation.tables.audit.tableName,
        [secretVariable.certificate]: foundation.secrets.certificate.secretArn,
        SALLYPORT_DOMAIN: options.domain,
        ...options.environment,
      },
      statements: [
        tableStatement(audit, foundation),
        secretStatement(foundation, 'certificate', 'GetSecretValue', 'PutSecretValue'),
        keyStatement(foundation, ['dynamodb', 'secretsmanager'], ['Decrypt', 'GenerateDataKey']),
        ...options.statements,
      ],
      reserved: undefined,
    });
    const target = () => new LambdaTarget(lambda, { maxEventAge: Duration.minutes(30), retryAttempts: 1 });
    new Rule(this, 'EachHour', {
      description: "Looks after the routers' certificate",
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [target()],
    });
    if (options.pattern !== undefined)
      new Rule(this, 'Happened', {
        description: 'A certificate was issued or renewed',
        eventPattern: options.pattern,
        targets: [target()],
      });
    runByEvents(lambda);
  }
}
