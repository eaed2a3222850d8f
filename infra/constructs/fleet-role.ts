import { Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { iotArn } from '../rights/iot-right.ts';
import { HouseRole } from './house-role.ts';

/**
 * Enrols and adopts devices, for `cli/enrol.ts` and `cli/adopt.ts`. The account's own policies say who may assume it; it
 * can neither change policies nor read a certificate's key, for there is none but at the device.
 */
export class FleetRole extends Construct {
  readonly roleArn: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = new HouseRole(this, 'Role', {
      principal: new AccountRootPrincipal(),
      description: 'Sallyport: enrols and adopts devices',
      statements: [
        // AWS knows no resource for either.
        new PolicyStatement({ sid: 'Issue', actions: ['iot:CreateCertificateFromCsr'], resources: ['*'] }),
        new PolicyStatement({ sid: 'Policies', actions: ['iot:ListAttachedPolicies'], resources: ['*'] }),
        new PolicyStatement({
          sid: 'Things',
          actions: ['iot:CreateThing', 'iot:ListThingPrincipals', 'iot:ListThingPrincipalsV2'],
          resources: [iotArn(stack, 'thing', '*')],
        }),
        new PolicyStatement({
          sid: 'Certificates',
          actions: [
            'iot:AttachPolicy',
            'iot:AttachThingPrincipal',
            'iot:DescribeCertificate',
            'iot:DetachThingPrincipal',
            'iot:ListPrincipalThings',
          ],
          resources: [iotArn(stack, 'cert', '*')],
        }),
        new PolicyStatement({
          sid: 'Groups',
          actions: ['iot:AttachPolicy', 'iot:DescribeThingGroup', 'iot:ListThingsInThingGroup'],
          resources: [iotArn(stack, 'thinggroup', '*')],
        }),
      ],
    });
    this.roleArn = role.roleArn;
  }
}
