import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, tags } from './values.ts';

const keyProperties = z.strictObject({
  KeyPolicy: z.record(z.string(), z.unknown()).optional(),
  Enabled: z.literal(true).optional(),
  KeySpec: z.literal('SYMMETRIC_DEFAULT').optional(),
  KeyUsage: z.literal('ENCRYPT_DECRYPT').optional(),
  MultiRegion: boolean.optional(),
  Description: ignored,
  EnableKeyRotation: ignored,
  PendingWindowInDays: ignored,
  RotationPeriodInDays: ignored,
  Tags: tags,
});

export const kmsKey = handler('AWS::KMS::Key', keyProperties, (given, resource) => {
  const id = resource.physicalName(255);
  const arn = resource.arn('kms', `key/${id}`);
  resource.cloud.createKey({ id, arn, ...(given.KeyPolicy === undefined ? {} : { policy: given.KeyPolicy }) });
  return { ref: id, attributes: { Arn: arn, KeyId: id } };
});

const aliasProperties = z.strictObject({ AliasName: z.string().startsWith('alias/'), TargetKeyId: z.string() });

export const kmsAlias = handler('AWS::KMS::Alias', aliasProperties, (given, resource) => {
  const { TargetKeyId: key } = given;
  resource.cloud.addKeyAlias(given.AliasName, key.startsWith('arn:') ? key : resource.arn('kms', `key/${key}`));
  return { ref: given.AliasName };
});
