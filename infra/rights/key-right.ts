import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Foundation } from '../foundation.ts';

/**
 * To use the key through these services only. Readers and writers of an encrypted table need `Decrypt` alone, for
 * DynamoDB made the table's own key with the table; who writes a secret needs a new data key each time.
 */
export const keyStatement = (
  { key }: Foundation,
  services: readonly ('dynamodb' | 'secretsmanager')[],
  actions: readonly ('Decrypt' | 'GenerateDataKey')[] = ['Decrypt'],
): PolicyStatement =>
  new PolicyStatement({
    sid: 'Key',
    actions: actions.map((action) => `kms:${action}`),
    resources: [key.keyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${Aws.REGION}.amazonaws.com`) },
    },
  });
