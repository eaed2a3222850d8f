import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { SallyportError } from '../../core/errors.ts';
import type { HostKeyStore, PinStore } from '../../core/ports/host-key-store.ts';

const hostKeys = z.object({
  v: z.literal(1),
  keys: z.array(z.object({ type: z.string(), private: z.string(), public: z.string() })).min(1),
});
const pins = z.object({ v: z.literal(1), pins: z.array(z.string()).min(1) });

type Place = { readonly client: SecretsManagerClient; readonly secret: string };

const read = async <Schema extends z.ZodType>(place: Place, schema: Schema): Promise<z.output<Schema> | undefined> => {
  const command = new GetSecretValueCommand({ SecretId: place.secret });
  const text = await place.client.send(command).then(
    (reply) => reply.SecretString,
    (cause: unknown) => {
      // A secret without a value yet; one that is missing altogether fails at the write.
      if (cause instanceof ResourceNotFoundException) return undefined;
      throw new SallyportError('unavailable', { detail: 'a secret could not be read', cause });
    },
  );
  // CloudFormation fills a new secret with a random word: that is as good as empty.
  if (text === undefined || !text.startsWith('{')) return undefined;
  const parsed = schema.safeParse(JSON.parse(text));
  // Ours, but not readable: to write over it would lose keys that devices have pinned.
  if (!parsed.success) throw new SallyportError('internal', { detail: 'a secret is not of the expected form' });
  return parsed.data;
};

const write = async ({ client, secret }: Place, value: object): Promise<void> => {
  const command = new PutSecretValueCommand({ SecretId: secret, SecretString: JSON.stringify({ v: 1, ...value }) });
  await client.send(command).catch((cause: unknown) => {
    throw new SallyportError('unavailable', { detail: 'a secret could not be written', cause });
  });
};

export const createHostKeyStore = (place: Place): HostKeyStore => ({
  read: async () => (await read(place, hostKeys))?.keys,
  write: (keys) => write(place, { keys }),
});

export const createPinStore = (place: Place): PinStore => ({
  read: async () => (await read(place, pins))?.pins,
  write: (lines) => write(place, { pins: lines }),
});
