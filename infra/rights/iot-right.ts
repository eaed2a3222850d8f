import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { topics } from '../../core/names.ts';
import type { StageConfig } from '../stage-config.ts';

export const iotArn = (stack: Stack, resource: string, resourceName: string): string =>
  stack.formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });

/**
 * To send devices their commands and nothing else. Any client may be addressed, for a device's client id is its own
 * affair; the topic is what the device's policy admits.
 */
export const commandStatement = (stack: Stack, delivery: StageConfig['delivery']): PolicyStatement =>
  delivery === 'direct'
    ? new PolicyStatement({
        sid: 'Commands',
        actions: ['iot:SendDirectMessage'],
        resources: [iotArn(stack, 'client', '*')],
        conditions: { StringLike: { 'iot:Topic': topics.commands('*') } },
      })
    : new PolicyStatement({
        sid: 'Commands',
        actions: ['iot:Publish'],
        resources: [iotArn(stack, 'topic', topics.commands('*'))],
      });

export const operatorEventStatement = (stack: Stack): PolicyStatement =>
  new PolicyStatement({
    sid: 'OperatorEvents',
    actions: ['iot:Publish'],
    resources: [iotArn(stack, 'topic', topics.operatorEvents('*'))],
  });

/** To ask whether a client is connected now. */
export const presenceStatement = (stack: Stack): PolicyStatement =>
  new PolicyStatement({ sid: 'Presence', actions: ['iot:GetConnection'], resources: [iotArn(stack, 'client', '*')] });

/** To ask which certificates a thing has, and whether they are active. */
export const certificateStatements = (stack: Stack): readonly PolicyStatement[] => [
  new PolicyStatement({
    sid: 'Things',
    actions: ['iot:ListThingPrincipals'],
    resources: [iotArn(stack, 'thing', '*')],
  }),
  new PolicyStatement({
    sid: 'Certificates',
    actions: ['iot:DescribeCertificate'],
    resources: [iotArn(stack, 'cert', '*')],
  }),
];

/** To ask which things a certificate has. */
export const attachmentStatement = (stack: Stack): PolicyStatement =>
  new PolicyStatement({
    sid: 'Attachments',
    actions: ['iot:ListPrincipalThings'],
    resources: [iotArn(stack, 'cert', '*')],
  });

/** To deactivate or revoke certificates. AWS knows no condition on the new status. */
export const retirementStatement = (stack: Stack): PolicyStatement =>
  new PolicyStatement({
    sid: 'Retirement',
    actions: ['iot:UpdateCertificate'],
    resources: [iotArn(stack, 'cert', '*')],
  });

/** To end a client's connection. */
export const disconnectionStatement = (stack: Stack): PolicyStatement =>
  new PolicyStatement({
    sid: 'Disconnection',
    actions: ['iot:DeleteConnection'],
    resources: [iotArn(stack, 'client', '*')],
  });
