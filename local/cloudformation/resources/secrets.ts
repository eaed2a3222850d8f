import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { handler } from '../handler.ts';
import { boolean, ignored, number, tags } from './values.ts';

const generation = z.strictObject({
  ExcludeCharacters: z.string().default(''),
  ExcludeLowercase: boolean.default(false),
  ExcludeNumbers: boolean.default(false),
  ExcludePunctuation: boolean.default(false),
  ExcludeUppercase: boolean.default(false),
  IncludeSpace: boolean.default(false),
  // Whether one of each kind must be in it; 32 characters of chance are as good.
  RequireEachIncludedType: ignored,
  GenerateStringKey: z.string().optional(),
  PasswordLength: number.default(32),
  SecretStringTemplate: z.string().optional(),
});

const secretProperties = z.strictObject({
  Name: z.string().optional(),
  GenerateSecretString: generation.optional(),
  SecretString: z.string().optional(),
  KmsKeyId: z.string().optional(),
  Description: ignored,
  Tags: tags,
});

export const secret = handler('AWS::SecretsManager::Secret', secretProperties, (given, resource) => {
  const name = given.Name ?? resource.physicalName(512);
  // AWS adds six characters of its own to a secret's ARN.
  const arn = resource.arn('secretsmanager', `secret:${name}-${resource.physicalName(512).slice(-6)}`);
  const { GenerateSecretString: wanted, SecretString: text } = given;
  const initial = text === undefined ? (wanted === undefined ? undefined : () => generate(wanted)) : () => text;
  resource.cloud.createSecret({
    name,
    arn,
    ...(given.KmsKeyId === undefined ? {} : { keyArn: given.KmsKeyId }),
    ...(initial === undefined ? {} : { initial }),
  });
  return { ref: arn, attributes: { Id: arn } };
});

const punctuation = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** As Secrets Manager's GetRandomPassword makes them. */
function generate(wanted: z.output<typeof generation>): string {
  const alphabet = [
    wanted.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    wanted.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    wanted.ExcludeNumbers ? '' : '0123456789',
    wanted.ExcludePunctuation ? '' : punctuation,
    wanted.IncludeSpace ? ' ' : '',
  ]
    .join('')
    .split('')
    .filter((character) => !wanted.ExcludeCharacters.includes(character));
  const password = Array.from({ length: wanted.PasswordLength }, () => alphabet[randomInt(alphabet.length)]).join('');
  if (wanted.GenerateStringKey === undefined) return password;
  return JSON.stringify({ ...JSON.parse(wanted.SecretStringTemplate ?? '{}'), [wanted.GenerateStringKey]: password });
}
