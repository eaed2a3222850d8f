import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';

/**
 * For functions that rules invoke asynchronously: Lambda's own queue keeps an event for 6 hours and tries it three times,
 * and then a request of the evening would open a tunnel at night. Here an event is worth a minute and one more try.
 */
export const runByEvents = (target: LambdaFunction): void =>
  target.configureAsyncInvoke({ maxEventAge: Duration.seconds(60), retryAttempts: 1 });
