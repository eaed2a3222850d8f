import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, type Function as LambdaFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/**
 * The change stream of Tunnels drives one function; a second reader is the most that a stream bears. A batch that
 * fails is halved until the one bad record stands alone, which is dropped after three tries or five minutes: whoever
 * waits learns the state by asking.
 */
export class ChangeStream extends Construct {
  constructor(scope: Construct, id: string, options: { readonly table: ITable; readonly target: LambdaFunction }) {
    super(scope, id);
    const { tableStreamArn } = options.table;
    if (tableStreamArn === undefined) throw new Error('the table has no change stream');
    new EventSourceMapping(this, 'Mapping', {
      target: options.target,
      eventSourceArn: tableStreamArn,
      startingPosition: StartingPosition.LATEST,
      batchSize: 100,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      maxRecordAge: Duration.minutes(5),
      retryAttempts: 3,
    });
  }
}
