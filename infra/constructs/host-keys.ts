import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Foundation } from '../foundation.ts';

/**
 * Fills the secrets of the SSH host keys, of the link key and of the anchor key when the stage is first deployed. CloudFormation calls our function directly:
 * a provider framework would bring functions that we neither wrote nor test. Kept when deleted, for the keys outlive it.
 */
export class HostKeys extends Construct {
  /** Public line of the key that signed anchors when the keys were made. */
  readonly anchorKey: string;

  constructor(
    scope: Construct,
    id: string,
    options: { readonly target: LambdaFunction; readonly foundation: Foundation },
  ) {
    super(scope, id);
    const { secrets } = options.foundation;
    const made = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::SallyportHostKeys',
      serviceToken: options.target.functionArn,
      serviceTimeout: Duration.minutes(2),
      removalPolicy: RemovalPolicy.RETAIN,
      properties: {
        HostKeysSecret: secrets.hostKeys.secretArn,
        PinsSecret: secrets.pins.secretArn,
        RouterHostKeysSecret: secrets.routerHostKeys.secretArn,
        LinkKeySecret: secrets.linkKey.secretArn,
        AnchorKeySecret: secrets.anchorKey.secretArn,
      },
    });
    this.anchorKey = made.getAttString('AnchorKey');
  }
}
