import { Duration } from 'aws-cdk-lib';
import { Match, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/**
 * Tells us when somebody deactivates, revokes or detaches a certificate in AWS IoT itself. The registry's own events
 * (`$aws/events`) tell of things, types and groups, not of certificates; what tells is CloudTrail, through EventBridge, and
 * only while a trail of the account logs management events. An old one is still worth knowing.
 */
export class RevocationRule extends Construct {
  constructor(scope: Construct, id: string, options: { readonly target: LambdaFunction }) {
    super(scope, id);
    const { target } = options;
    new Rule(this, 'Rule', {
      description: 'A certificate of a device is good no more',
      eventPattern: {
        source: ['aws.iot'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['iot.amazonaws.com'],
          eventName: ['UpdateCertificate', 'DetachThingPrincipal'],
          errorCode: Match.doesNotExist(),
        },
      },
      targets: [new LambdaTarget(target, { maxEventAge: Duration.hours(2), retryAttempts: 20 })],
    });
    // Unlike a command to a device, this may come late, and must come.
    target.configureAsyncInvoke({ maxEventAge: Duration.hours(2), retryAttempts: 2 });
  }
}
