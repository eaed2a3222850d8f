import { Stack } from 'aws-cdk-lib';
import { CfnPolicy, CfnThingType } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { agentClientId, basicIngest, devicePolicy, deviceThingType, rules, topics } from '../../core/names.ts';
import { iotArn } from '../rights/iot-right.ts';
import type { StageConfig } from '../stage-config.ts';

/** Replaced by the broker: the thing of the connection's certificate. */
const thing = `\${iot:Connection.Thing.ThingName}`;

/**
 * What a device's certificate allows, at most 2,048 characters. The thing must be attached to the certificate: without
 * that, a client id alone would stand for any thing of that name. An agent beside an application that holds the
 * thing-name connection needs the exclusive attachment, or its client id names no thing and nothing here matches.
 */
export const devicePolicyDocument = (stack: Stack, delivery: StageConfig['delivery']) => {
  const condition = { Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } };
  const allow = (action: string, ...resources: readonly string[]) => ({
    Effect: 'Allow',
    Action: `iot:${action}`,
    Resource: resources,
    Condition: condition,
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Connect', iotArn(stack, 'client', thing), iotArn(stack, 'client', agentClientId(thing))),
      allow('Receive', iotArn(stack, 'topic', topics.commands(thing))),
      allow('Publish', iotArn(stack, 'topic', basicIngest(rules.deviceEvents, topics.events(thing)))),
      // Direct messages need no subscription.
      ...(delivery === 'publish' ? [allow('Subscribe', iotArn(stack, 'topicfilter', topics.commands(thing)))] : []),
    ],
  };
};

/** The type of every device's thing and the one policy of every device's certificate. */
export class DeviceIdentity extends Construct {
  constructor(scope: Construct, id: string, options: { readonly config: StageConfig }) {
    super(scope, id);
    new CfnThingType(this, 'ThingType', {
      thingTypeName: deviceThingType,
      thingTypeProperties: { thingTypeDescription: 'A device that Sallyport reaches' },
    });
    new CfnPolicy(this, 'Policy', {
      policyName: devicePolicy,
      policyDocument: devicePolicyDocument(Stack.of(this), options.config.delivery),
    });
  }
}
