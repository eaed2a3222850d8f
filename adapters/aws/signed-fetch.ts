import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from './sha256.ts';

/** Those of a role: with a session token. */
export type SigningCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type SignedRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query string, escaped as it goes over the wire. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};
export type SignedReply = { readonly status: number; readonly text: string };
export type SignedFetch = (request: SignedRequest) => Promise<SignedReply>;

type SigningOptions = {
  readonly service: 'acm' | 'route53' | 's3' | 'execute-api';
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: () => Promise<SigningCredentials>;
  readonly now: () => number;
};

/** What goes over the wire, signed by Signature version 4; `fetch` itself adds the host. */
export const createSigner = (options: SigningOptions) => {
  const { service, region, credentials } = options;
  // Every service but S3 has the path escaped once more.
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: service !== 's3' });
  return async ({ method, path, headers, body = '' }: SignedRequest) => {
    const url = new URL(path, options.endpoint);
    const { protocol, hostname, host, pathname, searchParams } = url;
    const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
    const request = { method, protocol, hostname, path: pathname, query, headers: { ...headers, host }, body };
    const signed = await signer.sign(request, { signingDate: new Date(options.now()) });
    const { host: _host, ...sent } = signed.headers;
    return { url, headers: sent };
  };
};

/**
 * Requests signed by Signature version 4, whatever is answered: those to services of AWS, and those to our own API behind
 * IAM. Throws what `fetch` throws.
 */
export const createSignedFetch = (options: SigningOptions & { readonly timeoutMilliseconds: number }): SignedFetch => {
  const sign = createSigner(options);
  return async (request) => {
    const { url, headers } = await sign(request);
    const { method, body = '' } = request;
    const signal = AbortSignal.timeout(options.timeoutMilliseconds);
    const reply = await fetch(url, { method, headers, signal, ...(body === '' ? {} : { body }) });
    return { status: reply.status, text: await reply.text() };
  };
};
