import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { SallyportError } from '../../core/errors.ts';
import type { Pins } from '../../core/ports/pins.ts';

const hostKeysSchema = z.object({
  v: z.literal(1),
  keys: z.array(z.object({ type: z.string(), private: z.string(), public: z.string() })).min(1),
});
const pinsSchema = z.object({ v: z.literal(1), pins: z.array(z.string()).min(1) });
const certificateSchema = z.object({ v: z.literal(1), cert: z.string(), key: z.string() });

export type HostKey = z.output<typeof hostKeysSchema>['keys'][number];

const read = async <Schema extends z.ZodType>(
  client: SecretsManagerClient,
  secret: string,
  schema: Schema,
): Promise<z.output<Schema>> => {
  const reply = await client.send(new GetSecretValueCommand({ SecretId: secret })).catch((cause: unknown) => {
    throw new SallyportError('unavailable', { detail: 'a secret could not be read', cause });
  });
  const parsed = schema.safeParse(JSON.parse(reply.SecretString ?? 'null'));
  // The schema's own message could repeat the value.
  if (!parsed.success) throw new SallyportError('internal', { detail: 'a secret is not of the expected form' });
  return parsed.data;
};

export const readHostKeys = async (client: SecretsManagerClient, secret: string): Promise<readonly HostKey[]> =>
  (await read(client, secret, hostKeysSchema)).keys;

/** PEM chain and key of the wildcard certificate. */
export const readCertificate = (client: SecretsManagerClient, secret: string) =>
  read(client, secret, certificateSchema);

const keepMilliseconds = 60_000;

/** Read at most once a minute; while it cannot be read, the last pins stand. */
export const createSecretPins = (options: {
  readonly client: SecretsManagerClient;
  readonly secret: string;
  readonly now: () => number;
}): Pins => {
  let kept: { readonly pins: readonly string[]; readonly at: number } | undefined;
  return {
    async current() {
      if (kept !== undefined && options.now() - kept.at < keepMilliseconds) return kept.pins;
      try {
        const { pins } = await read(options.client, options.secret, pinsSchema);
        kept = { pins, at: options.now() };
        return pins;
      } catch (error) {
        if (kept !== undefined) return kept.pins;
        throw error;
      }
    },
  };
};
