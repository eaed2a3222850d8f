import { SallyportError } from '../../core/errors.ts';
import type { SignedFetch, SignedRequest } from './signed-fetch.ts';

/** The answer's body. Rejects with `unavailable` and the service's own code. */
export type AwsCall = (request: SignedRequest) => Promise<string>;

/**
 * Calls to a service of AWS. Two functions make two calls each of ACM and Route 53: the services' clients would be the
 * largest part of their bundles.
 */
export const createAwsCall =
  (service: 'acm' | 'route53', send: SignedFetch): AwsCall =>
  async (request) => {
    const { status, text } = await send(request).catch((cause: unknown) => {
      throw new SallyportError('unavailable', { detail: `${service} does not answer`, cause });
    });
    if (status >= 200 && status < 300) return text;
    const code = /"__type":"([\w.#]{1,100})"|<Code>(\w{1,100})<\/Code>/.exec(text);
    throw new SallyportError('unavailable', {
      detail: `${service} refused: ${status} ${code?.[1] ?? code?.[2] ?? ''}`.trim(),
    });
  };
