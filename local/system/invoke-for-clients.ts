import { AwsError } from '../aws-endpoint/aws-error.ts';
import type { LambdaReply } from '../aws-endpoint/services/lambda.ts';
import type { Functions } from '../lambda/functions.ts';
import { LambdaError } from '../lambda/lambda-error.ts';

/** Lambda's Invoke for clients of the endpoint. */
export async function invokeForClients(
  functions: Functions,
  functionArn: string,
  call: { readonly payload: Buffer; readonly type: 'RequestResponse' | 'Event' },
): Promise<LambdaReply | undefined> {
  if (functions.find(functionArn) === undefined) return undefined;
  const text = call.payload.length === 0 ? '{}' : call.payload.toString('utf8');
  try {
    if (call.type === 'Event') {
      functions.invokeLater(functionArn, text);
      return { payload: Buffer.alloc(0) };
    }
    const outcome = await functions.invoke(functionArn, text);
    if (outcome.kind === 'answer') return { payload: Buffer.from(outcome.payload) };
    return { payload: Buffer.from(JSON.stringify(outcome.error)), functionError: 'Unhandled' };
  } catch (error) {
    if (error instanceof LambdaError) throw new AwsError(error.code, error.message, error.status);
    throw error;
  }
}
