import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, number, tags } from './values.ts';

/** Lambda's quota on all variables of a function together, bytes. */
const environmentBytes = 4096;
const variableName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]+$/, 'not a name that Lambda takes');
/** Names that Lambda keeps for itself and refuses in a template. */
const reserved =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|LAMBDA_.*|ACCESS_KEY.*|SECRET_ACCESS_KEY|SESSION_TOKEN))$/;

const functionProperties = z.strictObject({
  Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
  Handler: z.string().regex(/^[\w./-]+\.\w+$/),
  Runtime: z.string().regex(/^nodejs\d+\.x$/, 'only Node.js functions run here'),
  Role: z.string(),
  FunctionName: z.string().optional(),
  Environment: z
    .strictObject({ Variables: z.record(variableName, z.coerce.string()).default({}) })
    .default({ Variables: {} }),
  MemorySize: number.default(128),
  Timeout: number.default(3),
  ReservedConcurrentExecutions: number.optional(),
  PackageType: z.literal('Zip').optional(),
  // What the cloud does around the code: processor, log group, traces, network, encryption at rest.
  Architectures: ignored,
  Description: ignored,
  EphemeralStorage: ignored,
  KmsKeyArn: ignored,
  LoggingConfig: ignored,
  RecursiveLoop: ignored,
  RuntimeManagementConfig: ignored,
  TracingConfig: ignored,
  VpcConfig: ignored,
  Tags: tags,
});

export const lambdaFunction = handler('AWS::Lambda::Function', functionProperties, (given, resource) => {
  const name = given.FunctionName ?? resource.physicalName(64);
  const arn = resource.arn('lambda', `function:${name}`);
  const { Variables } = given.Environment;
  const bytes = Object.entries(Variables).reduce((sum, [key, value]) => sum + Buffer.byteLength(key + value), 0);
  if (bytes > environmentBytes) throw new Error(`the environment has ${bytes} bytes, Lambda takes ${environmentBytes}`);
  const taken = Object.keys(Variables).filter((key) => reserved.test(key));
  if (taken.length > 0) throw new Error(`Lambda does not let a template set ${taken.join(', ')}`);
  resource.cloud.addFunction({
    name,
    arn,
    logicalId: resource.logicalId,
    directory: resource.asset(given.Code.S3Key),
    handler: given.Handler,
    roleArn: given.Role,
    environment: Variables,
    memoryMegabytes: given.MemorySize,
    timeoutSeconds: given.Timeout,
    ...(given.ReservedConcurrentExecutions === undefined
      ? {}
      : { reservedConcurrency: given.ReservedConcurrentExecutions }),
  });
  return { ref: name, attributes: { Arn: arn } };
});

const permissionProperties = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  SourceArn: z.string().optional(),
  SourceAccount: z.string().optional(),
});

export const lambdaPermission = handler('AWS::Lambda::Permission', permissionProperties, (given, resource) => {
  const id = resource.physicalName(100);
  resource.cloud.permit({
    functionArn: functionArnOf(given.FunctionName, (rest) => resource.arn('lambda', rest)),
    action: given.Action,
    principal: given.Principal,
    ...(given.SourceArn === undefined ? {} : { sourceArn: given.SourceArn }),
    ...(given.SourceAccount === undefined ? {} : { sourceAccount: given.SourceAccount }),
  });
  return { ref: id };
});

const asyncProperties = z.strictObject({
  FunctionName: z.string(),
  Qualifier: z.literal('$LATEST'),
  MaximumRetryAttempts: number.default(2),
  MaximumEventAgeInSeconds: number.default(21_600),
});

export const lambdaEventInvokeConfig = handler('AWS::Lambda::EventInvokeConfig', asyncProperties, (given, resource) => {
  resource.cloud.configureAsync(
    functionArnOf(given.FunctionName, (rest) => resource.arn('lambda', rest)),
    { retries: given.MaximumRetryAttempts, maximumAgeSeconds: given.MaximumEventAgeInSeconds },
  );
  return { ref: resource.physicalName(100) };
});

const mappingProperties = z.strictObject({
  EventSourceArn: z.string().regex(/^arn:aws:dynamodb:.*\/stream\//, 'only DynamoDB streams are served here'),
  FunctionName: z.string(),
  StartingPosition: z.enum(['LATEST', 'TRIM_HORIZON']),
  BatchSize: number.default(100),
  MaximumBatchingWindowInSeconds: number.default(0),
  MaximumRetryAttempts: number.default(-1),
  MaximumRecordAgeInSeconds: number.default(-1),
  BisectBatchOnFunctionError: boolean.default(false),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
  Enabled: boolean.default(true),
  // Records are handed over one batch at a time here, which any number of parallel readers must bear.
  ParallelizationFactor: ignored,
  // Batches given up are logged here; a queue for them exists in the cloud only.
  DestinationConfig: ignored,
  Tags: tags,
});

export const lambdaEventSourceMapping = handler(
  'AWS::Lambda::EventSourceMapping',
  mappingProperties,
  (given, resource) => {
    const id = resource.physicalName(36);
    resource.cloud.addEventSource({
      id,
      streamArn: given.EventSourceArn,
      functionArn: functionArnOf(given.FunctionName, (rest) => resource.arn('lambda', rest)),
      batchSize: given.BatchSize,
      windowSeconds: given.MaximumBatchingWindowInSeconds,
      retries: given.MaximumRetryAttempts,
      maximumAgeSeconds: given.MaximumRecordAgeInSeconds,
      bisect: given.BisectBatchOnFunctionError,
      partialFailures: given.FunctionResponseTypes.length > 0,
      filters: (given.FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern),
      enabled: given.Enabled,
    });
    return { ref: id };
  },
);

/** Templates name functions by name or by ARN. */
function functionArnOf(nameOrArn: string, arn: (rest: string) => string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : arn(`function:${nameOrArn}`);
}
