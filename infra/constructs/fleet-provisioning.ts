import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnProvisioningTemplate } from 'aws-cdk-lib/aws-iot';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  claimClientId,
  claimPolicy,
  devicePolicy,
  deviceThingType,
  provisioningTemplate,
  provisioningTopics,
  serialParameter,
} from '../../core/names.ts';
import { iotArn } from '../rights/iot-right.ts';
import { HouseRole } from './house-role.ts';

/** What a new device becomes: a thing of our type, its certificate active, with the policy of every device. */
const templateBody = {
  Parameters: { [serialParameter]: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
  Resources: {
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: devicePolicy } },
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: { ThingName: { Ref: serialParameter }, ThingTypeName: deviceThingType },
      // A thing that is there already keeps what it has: the hook said that it may get another certificate.
      OverrideSettings: { AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' },
    },
  },
};

/**
 * What a claim certificate allows: to ask for a certificate by CSR and to become a device by our template, nothing else.
 * Claims are shared by many devices and easily lost, so the hook decides who may, and `create/json`, by which the cloud
 * would make the key itself, is not among the topics.
 */
export const claimPolicyDocument = (stack: Stack) => {
  const topics = [provisioningTopics.createFromCsr, provisioningTopics.provision(provisioningTemplate)];
  const answers = topics.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  const allow = (action: string, resource: string, names: readonly string[]) => ({
    Effect: 'Allow',
    Action: `iot:${action}`,
    Resource: names.map((name) => iotArn(stack, resource, name)),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Connect', 'client', [claimClientId('*')]),
      allow('Publish', 'topic', topics),
      allow('Receive', 'topic', answers),
      allow('Subscribe', 'topicfilter', answers),
    ],
  };
};

/** New devices by fleet provisioning: their key is their own, and an administrator listed them before. */
export class FleetProvisioning extends Construct {
  constructor(scope: Construct, id: string, options: { readonly hook: LambdaFunction }) {
    super(scope, id);
    const stack = Stack.of(this);
    const { hook } = options;
    const role = new HouseRole(this, 'Role', {
      principal: new ServicePrincipal('iot.amazonaws.com').withConditions({
        StringEquals: { 'aws:SourceAccount': stack.account },
      }),
      description: 'Sallyport: what fleet provisioning makes of a new device',
      statements: [
        new PolicyStatement({
          sid: 'Things',
          actions: ['iot:CreateThing', 'iot:DescribeThing', 'iot:ListThingPrincipals', 'iot:UpdateThing'],
          resources: [iotArn(stack, 'thing', '*')],
        }),
        new PolicyStatement({
          sid: 'Certificates',
          actions: [
            'iot:AttachPolicy',
            'iot:AttachThingPrincipal',
            'iot:DescribeCertificate',
            'iot:ListPrincipalThings',
            'iot:UpdateCertificate',
          ],
          resources: [iotArn(stack, 'cert', '*')],
        }),
        // AWS knows no resource here.
        new PolicyStatement({ sid: 'Policies', actions: ['iot:ListAttachedPolicies'], resources: ['*'] }),
        new PolicyStatement({
          sid: 'Kinds',
          actions: ['iot:DescribeThingType', 'iot:GetPolicy'],
          resources: [iotArn(stack, 'thingtype', deviceThingType), iotArn(stack, 'policy', devicePolicy)],
        }),
      ],
    });
    const template = new CfnProvisioningTemplate(this, 'Template', {
      templateName: provisioningTemplate,
      description: 'A device that Sallyport reaches',
      enabled: true,
      provisioningRoleArn: role.roleArn,
      preProvisioningHook: { payloadVersion: '2020-04-01', targetArn: hook.functionArn },
      templateBody: JSON.stringify(templateBody),
    });
    hook.addPermission('Template', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceArn: iotArn(stack, 'provisioningtemplate', provisioningTemplate),
      sourceAccount: stack.account,
    });
    // Not before AWS IoT may invoke the hook.
    template.node.addDependency(hook.node.findChild('Template'));
    new CfnPolicy(this, 'ClaimPolicy', { policyName: claimPolicy, policyDocument: claimPolicyDocument(stack) });
  }
}
