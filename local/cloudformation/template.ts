import { z } from 'zod';
import { TemplateError } from './template-error.ts';

const resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).default([]),
  Condition: z.string().optional(),
  // These steer updates and deletions of stacks, and a local stack is never updated in place.
  CreationPolicy: z.unknown().optional(),
  DeletionPolicy: z.unknown().optional(),
  Metadata: z.unknown().optional(),
  UpdatePolicy: z.unknown().optional(),
  UpdateReplacePolicy: z.unknown().optional(),
});

const parameter = z.looseObject({ Type: z.string(), Default: z.union([z.string(), z.number()]).optional() });

const output = z.looseObject({
  Value: z.unknown(),
  Condition: z.string().optional(),
  Export: z.object({ Name: z.unknown() }).optional(),
});

/** `Transform` and `Hooks` are not among them: they would rewrite the template. */
const template = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: z.unknown().optional(),
  Parameters: z.record(z.string(), parameter).default({}),
  // CDK's check that the account is bootstrapped; there is no account.
  Rules: z.unknown().optional(),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(z.string(), resource).default({}),
  Outputs: z.record(z.string(), output).default({}),
});

export type Template = z.output<typeof template>;
export type TemplateResource = Template['Resources'][string];

/** @throws TemplateError when the template has parts that this interpreter does not know. */
export function parseTemplate(stack: string, source: unknown): Template {
  const result = template.safeParse(source);
  if (result.success) return result.data;
  throw new TemplateError(result.error.issues.map((issue) => `${stack}: ${issue.path.join('.')}: ${issue.message}`));
}
