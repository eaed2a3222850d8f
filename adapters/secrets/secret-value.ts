import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { z } from 'zod';
import { SallyportError } from '../../core/errors.ts';

export type Place = { readonly client: SecretsManagerClient; readonly secret: string };

export type SecretText = { readonly version: string; readonly text: string };

/** `undefined` for a secret without a value yet; one that is missing altogether fails at the write. */
export const readText = async ({ client, secret }: Place): Promise<SecretText | undefined> => {
  try {
    const reply = await client.send(new GetSecretValueCommand({ SecretId: secret }));
    const text = reply.SecretString;
    // CloudFormation may fill a new secret with a random word: that is as good as empty.
    return text === undefined || !text.startsWith('{') ? undefined : { version: reply.VersionId ?? text, text };
  } catch (cause) {
    if (cause instanceof ResourceNotFoundException) return undefined;
    throw new SallyportError('unavailable', { detail: 'a secret could not be read', cause });
  }
};

/** Throws `internal`, without a word of the text: the parsers' own messages could repeat it. */
export const parseText = <Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new SallyportError('internal', { detail: 'a secret is not JSON' });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new SallyportError('internal', { detail: 'a secret is not of the expected form' });
  return parsed.data;
};

export const writeValue = async ({ client, secret }: Place, value: object): Promise<void> => {
  const command = new PutSecretValueCommand({ SecretId: secret, SecretString: JSON.stringify({ v: 1, ...value }) });
  await client.send(command).catch((cause: unknown) => {
    throw new SallyportError('unavailable', { detail: 'a secret could not be written', cause });
  });
};
