import type { Handler } from './handler.ts';
import {
  apiGatewayApi,
  apiGatewayAuthorizer,
  apiGatewayIntegration,
  apiGatewayRoute,
  apiGatewayStage,
} from './resources/api-gateway.ts';
import { customResource, isCustomResource } from './resources/custom-resource.ts';
import { dynamodbTable } from './resources/dynamodb-table.ts';
import { ecsTask } from './resources/ecs-task.ts';
import { eventsRule } from './resources/events-rule.ts';
import { iamManagedPolicy, iamPolicy, iamRole } from './resources/iam.ts';
import { iotAuthorizer, iotPolicy, iotThingType, iotTopicRule } from './resources/iot.ts';
import { iotProvisioningTemplate } from './resources/iot-provisioning.ts';
import { kmsAlias, kmsKey } from './resources/kms.ts';
import {
  lambdaEventInvokeConfig,
  lambdaEventSourceMapping,
  lambdaFunction,
  lambdaPermission,
} from './resources/lambda.ts';
import { secret } from './resources/secrets.ts';

const handlers: ReadonlyMap<string, Handler> = new Map(
  [
    apiGatewayApi,
    apiGatewayAuthorizer,
    apiGatewayIntegration,
    apiGatewayRoute,
    apiGatewayStage,
    dynamodbTable,
    ecsTask,
    eventsRule,
    iamManagedPolicy,
    iamPolicy,
    iamRole,
    iotAuthorizer,
    iotPolicy,
    iotProvisioningTemplate,
    iotThingType,
    iotTopicRule,
    kmsAlias,
    kmsKey,
    lambdaEventInvokeConfig,
    lambdaEventSourceMapping,
    lambdaFunction,
    lambdaPermission,
    secret,
  ].map((one) => [one.type, one]),
);

/** The handler of every resource type that is made here. */
export const handlerOf = (type: string): Handler | undefined =>
  handlers.get(type) ?? (isCustomResource(type) ? customResource(type) : undefined);
