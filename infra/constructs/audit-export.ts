import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { vaultNames, vaultPlace } from '../audit-vault.ts';
import type { FunctionParts } from '../foundation.ts';
import { keyStatement } from '../rights/key-right.ts';
import { secretStatement, secretVariable } from '../rights/secret-right.ts';
import { HouseFunction } from './house-function.ts';

/**
 * The change stream of Audit, copied to the vault as it comes. It waits up to five minutes for a batch, for each one is an
 * object. A batch that fails is tried until it works or the stream forgets it, after a day: an alarm comes long before.
 */
export class AuditExport extends Construct {
  readonly lambda: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    options: FunctionParts & {
      /** Of the bucket, where it is not this one. */
      readonly account?: string | undefined;
    },
  ) {
    super(scope, id);
    const stack = Stack.of(this);
    const { config, foundation, assets } = options;
    const stream = foundation.tables.audit.tableStreamArn;
    if (stream === undefined) throw new Error('Audit has no change stream');
    const place = vaultPlace(stack, options.account);
    const names = vaultNames(config.name, place);
    const { lambda } = new HouseFunction(this, 'Function', {
      ...{ name: 'audit-export', config, assets, key: foundation.key, reserved: undefined },
      environment: {
        SALLYPORT_VAULT_URL: names.url,
        [secretVariable.anchorKey]: foundation.secrets.anchorKey.secretArn,
      },
      statements: [
        new PolicyStatement({
          sid: 'AuditStream',
          actions: [
            'dynamodb:DescribeStream',
            'dynamodb:GetRecords',
            'dynamodb:GetShardIterator',
            'dynamodb:ListStreams',
          ],
          resources: [stream],
        }),
        secretStatement(foundation, 'anchorKey', 'GetSecretValue'),
        keyStatement(foundation, ['dynamodb', 'secretsmanager']),
        new PolicyStatement({
          sid: 'Vault',
          actions: ['s3:PutObject'],
          resources: [`arn:${stack.partition}:s3:::${names.bucket}/audit/*`],
        }),
        // The bucket's key has a name of its own choosing; its alias is what we know, and another account's policy besides.
        new PolicyStatement({
          sid: 'VaultKey',
          actions: ['kms:GenerateDataKey'],
          resources: [`arn:${stack.partition}:kms:${place.region}:${place.account}:key/*`],
          conditions: {
            StringEquals: { 'kms:ViaService': `s3.${place.region}.amazonaws.com` },
            'ForAnyValue:StringEquals': { 'kms:ResourceAliases': names.keyAlias },
          },
        }),
      ],
    });
    this.lambda = lambda;
    new EventSourceMapping(this, 'Mapping', {
      target: lambda,
      eventSourceArn: stream,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 1_000,
      maxBatchingWindow: Duration.minutes(5),
      bisectBatchOnError: true,
    });
  }
}
