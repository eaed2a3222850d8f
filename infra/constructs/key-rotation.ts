import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { runByEvents } from './run-by-events.ts';

/**
 * Goes on with the rotation of the SSH host keys and of the keys that sign each hour; most hours there is nothing to do. Not Secrets Manager's own
 * rotation: its four steps take minutes, and here hours or days lie between announcing a key and serving it.
 */
export class KeyRotation extends Construct {
  constructor(scope: Construct, id: string, options: { readonly target: LambdaFunction }) {
    super(scope, id);
    new Rule(this, 'EachHour', {
      description: 'Rotates the SSH host keys, the link key and the anchor key',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaTarget(options.target, { maxEventAge: Duration.minutes(30), retryAttempts: 1 })],
    });
    runByEvents(options.target);
  }
}
