import { z } from 'zod';
import { handler } from '../handler.ts';
import { ignored, tags } from './values.ts';

/** Without a first value: ours are filled by a custom resource, and a random word is no key. */
const secretProperties = z.strictObject({
  Name: z.string().optional(),
  KmsKeyId: z.string().optional(),
  Description: ignored,
  Tags: tags,
});

export const secret = handler('AWS::SecretsManager::Secret', secretProperties, (given, resource) => {
  const name = given.Name ?? resource.physicalName(512);
  // AWS adds six characters of its own to a secret's ARN.
  const arn = resource.arn('secretsmanager', `secret:${name}-${resource.physicalName(512).slice(-6)}`);
  resource.cloud.createSecret({
    name,
    arn,
    ...(given.KmsKeyId === undefined ? {} : { keyArn: given.KmsKeyId }),
  });
  return { ref: arn, attributes: { Id: arn } };
});
