import { z } from 'zod';
import type { Handler } from '../handler.ts';

const properties = z.looseObject({ ServiceToken: z.string().regex(/^arn:aws:lambda:/), ServiceTimeout: z.unknown() });

/** `Custom::<name>` and `AWS::CloudFormation::CustomResource`. */
export const isCustomResource = (type: string): boolean =>
  type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';

export function customResource(type: string): Handler {
  return {
    type,
    make: (given, resource) => {
      const { ServiceToken } = properties.parse(given);
      return resource.cloud.customResource({
        stack: resource.stack,
        logicalId: resource.logicalId,
        type,
        serviceToken: ServiceToken,
        properties: properties.parse(given),
      });
    },
  };
}
