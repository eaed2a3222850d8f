import { AwsError } from '../aws-error.ts';
import { decode } from '../aws-request.ts';
import { type AwsService, arnIn, type Place } from '../service.ts';

export interface LambdaReply {
  readonly payload: Buffer;
  /** Set when the handler failed: `Handled` or `Unhandled`; the payload is then the error. */
  readonly functionError?: string;
}

/** What runs functions. */
export interface LambdaHandler {
  /**
   * Invokes a function. `RequestResponse` resolves with its answer, `Event` as soon as it is accepted.
   *
   * @returns undefined when there is no such function
   */
  invoke(functionArn: string, payload: Buffer, type: 'RequestResponse' | 'Event'): Promise<LambdaReply | undefined>;
}

/** Payload limits of AWS Lambda: 6 MB synchronous, 1 MB asynchronous. */
const MAX_PAYLOAD_BYTES = { RequestResponse: 6 * 1024 * 1024, Event: 1024 * 1024, DryRun: 6 * 1024 * 1024 } as const;
const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** AWS Lambda's Invoke (REST-JSON). */
export function lambdaService(place: Place, handler: LambdaHandler): AwsService {
  return {
    signingName: 'lambda',
    protocol: 'rest-json',
    handle: ({ request, require, perform }) => {
      const [, encoded] = (request.method === 'POST' && INVOKE.exec(request.path)) || [];
      if (encoded === undefined) throw new AwsError('UnknownOperationException', 'only Invoke is offered here', 404);
      const { name, qualifier = request.query.Qualifier } = functionNamed(decode(encoded));
      const functionArn = arnIn(place, 'lambda', `function:${name}`);
      const resource = qualifier === undefined ? functionArn : `${functionArn}:${qualifier}`;
      require('lambda:InvokeFunction', resource, undefined, functionArn);
      const type = invocationType(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
      if (request.body.length > MAX_PAYLOAD_BYTES[type])
        throw new AwsError('RequestTooLargeException', `${request.body.length} byte payload is too large`, 413);
      return perform('Invoke', async () => {
        if (type === 'DryRun') return { status: 204, headers: {}, body: '' };
        const reply = await handler.invoke(functionArn, request.body, type);
        if (!reply) throw new AwsError('ResourceNotFoundException', `Function not found: ${functionArn}`, 404);
        if (type === 'Event') return { status: 202, headers: {}, body: '' };
        return {
          status: 200,
          headers: {
            'content-type': 'application/json',
            'x-amz-executed-version': '$LATEST',
            ...(reply.functionError === undefined ? {} : { 'x-amz-function-error': reply.functionError }),
          },
          body: reply.payload,
        };
      });
    },
  };
}

/** A function may be named `name`, `account:function:name` or by its ARN, each with `:qualifier`. */
function functionNamed(text: string): { readonly name: string; readonly qualifier?: string } {
  const parts = text.split(':');
  const at = parts.lastIndexOf('function');
  const [name = '', qualifier] = parts.slice(at + 1);
  return { name, ...(qualifier === undefined ? {} : { qualifier }) };
}

function invocationType(value: string): 'RequestResponse' | 'Event' | 'DryRun' {
  if (value === 'RequestResponse' || value === 'Event' || value === 'DryRun') return value;
  throw new AwsError('InvalidParameterValueException', 'the invocation type is not known', 400);
}
