import * as z from 'zod';
import type { JumpClient, OperatorApi } from '../ports/canary.ts';

const name = 'canary';
const meSchema = z.object({ operator: z.string() });
const keysSchema = z.object({ keys: z.array(z.object({ fingerprint: z.string(), name: z.string() })) });
const challengeSchema = z.object({ challenge: z.string(), namespace: z.string() });

/**
 * Registers the canary's key of this process, which no disk ever saw, and takes away those of processes before it. Like any
 * operator it proves that it holds the key. Answers which operator it is, for an administrator has to know whom to grant
 * the device. Throws where the API says no.
 */
export const registerCanaryKey = async (
  api: OperatorApi,
  jump: Pick<JumpClient, 'publicKey' | 'fingerprint' | 'sign'>,
): Promise<string> => {
  const ask = async (...request: Parameters<OperatorApi['call']>): Promise<unknown> => {
    const { status, body } = await api.call(...request);
    if (status >= 300) throw new Error(`${request[0]} ${request[1]} was answered ${status}`);
    return body;
  };
  const { operator } = meSchema.parse(await ask('GET', '/v1/me'));
  const { keys } = keysSchema.parse(await ask('GET', '/v1/me/keys'));
  for (const key of keys)
    if (key.name === name && key.fingerprint !== jump.fingerprint)
      await ask('DELETE', `/v1/me/keys/${encodeURIComponent(key.fingerprint)}`);
  const { challenge, namespace } = challengeSchema.parse(await ask('POST', '/v1/me/keys/challenges'));
  const signature = jump.sign(challenge, namespace);
  await ask('POST', '/v1/me/keys', { publicKey: jump.publicKey, name, challenge, signature });
  return operator;
};
