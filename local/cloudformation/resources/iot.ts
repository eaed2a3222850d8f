import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, tags } from './values.ts';

const policyProperties = z.strictObject({
  PolicyDocument: z.record(z.string(), z.unknown()),
  PolicyName: z.string().optional(),
  Tags: tags,
});

export const iotPolicy = handler('AWS::IoT::Policy', policyProperties, (given, resource) => {
  const name = given.PolicyName ?? resource.physicalName(128);
  resource.cloud.addIotPolicy(name, given.PolicyDocument);
  return { ref: name, attributes: { Arn: resource.arn('iot', `policy/${name}`), Id: name } };
});

const ruleProperties = z.strictObject({
  RuleName: z
    .string()
    .regex(/^[a-zA-Z0-9_]+$/)
    .optional(),
  TopicRulePayload: z.strictObject({
    Sql: z.string(),
    AwsIotSqlVersion: z.string().default('2015-10-08'),
    RuleDisabled: boolean.default(false),
    Actions: z.array(z.strictObject({ Lambda: z.strictObject({ FunctionArn: z.string() }) })),
    // Failures of a rule go to a log group; here to the system's log.
    ErrorAction: z.strictObject({ CloudwatchLogs: ignored }).optional(),
    Description: ignored,
  }),
  Tags: tags,
});

export const iotTopicRule = handler('AWS::IoT::TopicRule', ruleProperties, (given, resource) => {
  const name = given.RuleName ?? resource.physicalName(128).replace(/\W/g, '_');
  const arn = resource.arn('iot', `rule/${name}`);
  const { Sql, AwsIotSqlVersion, RuleDisabled, Actions } = given.TopicRulePayload;
  resource.cloud.addIotRule({
    name,
    arn,
    sql: Sql,
    sqlVersion: AwsIotSqlVersion,
    enabled: !RuleDisabled,
    functionArns: Actions.map(({ Lambda }) => Lambda.FunctionArn),
  });
  return { ref: name, attributes: { Arn: arn } };
});

const authorizerProperties = z.strictObject({
  AuthorizerName: z.string().optional(),
  AuthorizerFunctionArn: z.string(),
  // Token signatures are a second secret in every client; none is checked here.
  SigningDisabled: z.literal(true),
  Status: z.literal('ACTIVE').default('ACTIVE'),
  EnableCachingForHttp: ignored,
  Tags: tags,
});

export const iotAuthorizer = handler('AWS::IoT::Authorizer', authorizerProperties, (given, resource) => {
  const name = given.AuthorizerName ?? resource.physicalName(128);
  const arn = resource.arn('iot', `authorizer/${name}`);
  resource.cloud.addIotAuthorizer({ name, arn, functionArn: given.AuthorizerFunctionArn });
  return { ref: name, attributes: { Arn: arn } };
});

const thingTypeProperties = z.strictObject({
  ThingTypeName: z.string().optional(),
  DeprecateThingType: z.literal(false).optional(),
  ThingTypeProperties: ignored,
  Tags: tags,
});

export const iotThingType = handler('AWS::IoT::ThingType', thingTypeProperties, (given, resource) => {
  const name = given.ThingTypeName ?? resource.physicalName(128);
  resource.cloud.addThingType(name);
  return { ref: name, attributes: { Arn: resource.arn('iot', `thingtype/${name}`), Id: name } };
});
