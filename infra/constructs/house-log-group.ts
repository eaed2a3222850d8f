import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** Kept for the stage's number of days, under its key. Logs say what happened; the audit table says who was let in. */
export class HouseLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, options: { readonly key: IKey; readonly days: number }) {
    super(scope, id, {
      encryptionKey: options.key,
      // The stage config admits only the numbers that CloudWatch Logs takes, which are this enumeration's values.
      retention: options.days as RetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
