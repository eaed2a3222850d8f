import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { SallyportError } from '../../core/errors.ts';
import type { JumpOpener } from '../../core/ports/jump-opener.ts';

type Answer = Awaited<ReturnType<JumpOpener['open']>>;

const isAnswer = (value: unknown): value is Answer =>
  typeof value === 'object' &&
  value !== null &&
  'ok' in value &&
  (value.ok === true
    ? 'tunnel' in value && typeof value.tunnel === 'string'
    : 'code' in value && typeof value.code === 'string');

/** Asks the `open-for-jump` function, the only one that a router may invoke. */
export const createLambdaJumpOpener = (options: {
  readonly client: LambdaClient;
  readonly functionName: string;
}): JumpOpener => ({
  async open(request) {
    const reply = await options.client
      .send(new InvokeCommand({ FunctionName: options.functionName, Payload: JSON.stringify(request) }))
      .catch((cause: unknown) => {
        throw new SallyportError('unavailable', { cause });
      });
    const answer: unknown =
      reply.FunctionError === undefined ? JSON.parse(reply.Payload?.transformToString() ?? 'null') : null;
    if (!isAnswer(answer)) throw new SallyportError('unavailable', { detail: 'the control plane failed' });
    return answer;
  },
});
