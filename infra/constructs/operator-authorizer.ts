import { Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnAuthorizer } from 'aws-cdk-lib/aws-iot';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { operatorAuthorizer } from '../../core/names.ts';
import { iotArn } from '../rights/iot-right.ts';

/**
 * Admits operators to MQTT with their API token as password. AWS's own signature over the token is off: the token is
 * signed by its issuer, and the function checks that.
 */
export class OperatorAuthorizer extends Construct {
  constructor(scope: Construct, id: string, options: { readonly target: LambdaFunction }) {
    super(scope, id);
    const { target } = options;
    new CfnAuthorizer(this, 'Authorizer', {
      authorizerName: operatorAuthorizer,
      authorizerFunctionArn: target.functionArn,
      signingDisabled: true,
      enableCachingForHttp: false,
      status: 'ACTIVE',
    });
    target.addPermission('Authorizer', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceArn: iotArn(Stack.of(this), 'authorizer', operatorAuthorizer),
    });
  }
}
