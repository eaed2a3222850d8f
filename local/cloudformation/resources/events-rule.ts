import { z } from 'zod';
import { handler } from '../handler.ts';
import { ignored, tags } from './values.ts';

// EventPattern is not listed: no events of AWS services come by here.
const properties = z.strictObject({
  Name: z.string().optional(),
  ScheduleExpression: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Targets: z
    .array(
      z.strictObject({
        Id: z.string(),
        Arn: z.string().regex(/^arn:aws:lambda:/, 'only Lambda functions can be targets here'),
        Input: z.string().optional(),
        // A schedule comes again by itself; a failed one is logged.
        DeadLetterConfig: ignored,
        RetryPolicy: ignored,
      }),
    )
    .default([]),
  Description: ignored,
  EventBusName: z.literal('default').optional(),
  Tags: tags,
});

export const eventsRule = handler('AWS::Events::Rule', properties, (given, resource) => {
  const name = given.Name ?? resource.physicalName(64);
  const arn = resource.arn('events', `rule/${name}`);
  resource.cloud.addSchedule({
    name,
    arn,
    logicalId: resource.logicalId,
    expression: given.ScheduleExpression,
    enabled: given.State === 'ENABLED',
    targets: given.Targets.map(({ Arn, Input }) => ({
      functionArn: Arn,
      ...(Input === undefined ? {} : { input: Input }),
    })),
  });
  return { ref: name, attributes: { Arn: arn } };
});
