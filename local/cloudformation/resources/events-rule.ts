import { z } from 'zod';
import { handler } from '../handler.ts';
import { ignored, tags } from './values.ts';

const properties = z
  .strictObject({
    Name: z.string().optional(),
    ScheduleExpression: z.string().optional(),
    EventPattern: z.record(z.string(), z.unknown()).optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z
      .array(
        z.strictObject({
          Id: z.string(),
          Arn: z.string().regex(/^arn:aws:lambda:/, 'only Lambda functions can be targets here'),
          Input: z.string().optional(),
          // A schedule comes again by itself, and a local bus loses nothing; what failed is logged.
          DeadLetterConfig: ignored,
          RetryPolicy: ignored,
        }),
      )
      .default([]),
    Description: ignored,
    EventBusName: z.literal('default').optional(),
    Tags: tags,
  })
  .refine((rule) => (rule.ScheduleExpression === undefined) !== (rule.EventPattern === undefined), {
    message: 'here a rule has either a schedule or a pattern',
  });

export const eventsRule = handler('AWS::Events::Rule', properties, (given, resource) => {
  const { ScheduleExpression: expression, EventPattern: pattern, Targets } = given;
  const name = given.Name ?? resource.physicalName(64);
  const arn = resource.arn('events', `rule/${name}`);
  const enabled = given.State === 'ENABLED';
  if (pattern !== undefined) {
    resource.cloud.addEventRule({ arn, pattern, enabled, functionArns: Targets.map(({ Arn }) => Arn) });
  } else if (expression !== undefined) {
    const targets = Targets.map(({ Arn, Input }) => ({
      functionArn: Arn,
      ...(Input === undefined ? {} : { input: Input }),
    }));
    resource.cloud.addSchedule({ name, arn, logicalId: resource.logicalId, expression, enabled, targets });
  }
  return { ref: name, attributes: { Arn: arn } };
});
