import { createHash, createHmac } from 'node:crypto';

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

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** `encodeURIComponent` leaves `!'()*`, which Signature version 4 escapes too. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Requests signed by Signature version 4, whatever is answered: those to services of AWS, and those to our own API behind
 * IAM. Throws what `fetch` throws.
 */
export const createSignedFetch =
  (options: {
    readonly service: 'acm' | 'route53' | 's3' | 'execute-api';
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: () => Promise<SigningCredentials>;
    readonly now: () => number;
    readonly timeoutMilliseconds: number;
  }): SignedFetch =>
  async ({ method, path, headers = {}, body = '' }) => {
    const { service, region } = options;
    const credentials = await options.credentials();
    const url = new URL(path, options.endpoint);
    const time = new Date(options.now()).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
    const bodyHash = sha256(body);
    const signed: Record<string, string> = {
      ...headers,
      host: url.host,
      'x-amz-content-sha256': bodyHash,
      'x-amz-date': time,
      ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
    };
    const names = Object.keys(signed).sort();
    const canonical = [
      method,
      // Every service but S3 has the path escaped once more.
      service === 's3' ? url.pathname : url.pathname.split('/').map(escaped).join('/'),
      // By name, then by value: a space comes before all that stands in either, which `=` does not.
      [...url.searchParams]
        .map(([name, value]) => `${escaped(name)} ${escaped(value)}`)
        .sort()
        .join('&')
        .replaceAll(' ', '='),
      ...names.map((name) => `${name}:${signed[name]}`),
      ...['', names.join(';'), bodyHash],
    ].join('\n');
    const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
    const signature = hmac(Buffer.from(key), `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`);
    const { host: _host, ...sent } = signed;
    const reply = await fetch(url, {
      method,
      headers: {
        ...sent,
        authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature.toString('hex')}`,
      },
      ...(body === '' ? {} : { body }),
      signal: AbortSignal.timeout(options.timeoutMilliseconds),
    });
    return { status: reply.status, text: await reply.text() };
  };
