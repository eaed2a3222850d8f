import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, tags } from './values.ts';

const properties = z.strictObject({
  TemplateName: z.string().optional(),
  TemplateBody: z.string(),
  TemplateType: z.literal('FLEET_PROVISIONING').optional(),
  Enabled: boolean.default(false),
  ProvisioningRoleArn: z.string(),
  PreProvisioningHook: z.strictObject({ PayloadVersion: z.literal('2020-04-01'), TargetArn: z.string() }).optional(),
  Description: ignored,
  Tags: tags,
});

export const iotProvisioningTemplate = handler('AWS::IoT::ProvisioningTemplate', properties, (given, resource) => {
  const name = given.TemplateName ?? resource.physicalName(36);
  const arn = resource.arn('iot', `provisioningtemplate/${name}`);
  resource.cloud.addProvisioningTemplate({
    name,
    arn,
    body: given.TemplateBody,
    enabled: given.Enabled,
    roleArn: given.ProvisioningRoleArn,
    ...(given.PreProvisioningHook === undefined ? {} : { hookArn: given.PreProvisioningHook.TargetArn }),
  });
  return { ref: name, attributes: { TemplateArn: arn } };
});
