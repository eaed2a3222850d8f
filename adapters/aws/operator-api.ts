import type { OperatorApi } from '../../core/ports/canary.ts';
import type { SignedFetch } from './signed-fetch.ts';

/** The API behind IAM: the caller's role is the operator. */
export const createSignedApi = (send: SignedFetch): OperatorApi => ({
  async call(method, path, body) {
    const { status, text } = await send({
      method,
      path,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  },
});
