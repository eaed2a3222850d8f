import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, tags } from './values.ts';

const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

const index = z.strictObject({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.strictObject({
    ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
  ContributorInsightsSpecification: ignored,
  OnDemandThroughput: ignored,
  ProvisionedThroughput: ignored,
});

const properties = z.strictObject({
  TableName: z.string().optional(),
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  GlobalSecondaryIndexes: z.array(index).default([]),
  LocalSecondaryIndexes: z.array(index).default([]),
  StreamSpecification: z
    .strictObject({ StreamViewType: z.enum(['NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY']) })
    .optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: boolean }).optional(),
  SSESpecification: z
    .strictObject({ SSEEnabled: boolean, SSEType: z.literal('KMS').optional(), KMSMasterKeyId: z.string().optional() })
    .optional(),
  // Capacity, backups and protection: nothing of them shows in an answer.
  BillingMode: ignored,
  ContributorInsightsSpecification: ignored,
  DeletionProtectionEnabled: ignored,
  OnDemandThroughput: ignored,
  PointInTimeRecoverySpecification: ignored,
  ProvisionedThroughput: ignored,
  TableClass: ignored,
  WarmThroughput: ignored,
  Tags: tags,
});

export const dynamodbTable = handler('AWS::DynamoDB::Table', properties, async (given, resource) => {
  const name = given.TableName ?? resource.physicalName(255);
  const arn = resource.arn('dynamodb', `table/${name}`);
  const ttl = given.TimeToLiveSpecification;
  const keyArn = given.SSESpecification?.SSEEnabled === true ? given.SSESpecification.KMSMasterKeyId : undefined;
  const { streamArn } = await resource.cloud.createTable({
    name,
    arn,
    keySchema: given.KeySchema,
    attributeDefinitions: given.AttributeDefinitions,
    globalSecondaryIndexes: given.GlobalSecondaryIndexes.map(bare),
    localSecondaryIndexes: given.LocalSecondaryIndexes.map(bare),
    ...(given.StreamSpecification === undefined ? {} : { stream: given.StreamSpecification.StreamViewType }),
    ...(ttl?.Enabled === true ? { ttlAttribute: ttl.AttributeName } : {}),
    ...(keyArn === undefined ? {} : { keyArn }),
  });
  return { ref: name, attributes: { Arn: arn, ...(streamArn === undefined ? {} : { StreamArn: streamArn }) } };
});

const bare = ({ IndexName, KeySchema, Projection }: z.output<typeof index>) => ({
  IndexName,
  KeySchema,
  Projection: {
    ProjectionType: Projection.ProjectionType,
    ...(Projection.NonKeyAttributes === undefined ? {} : { NonKeyAttributes: Projection.NonKeyAttributes }),
  },
});
