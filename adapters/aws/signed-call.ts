import { createHash, createHmac } from 'node:crypto';
import { SallyportError } from '../../core/errors.ts';

export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

export type AwsCall = (request: {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}) => Promise<string>;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const answerMilliseconds = 15_000;

/**
 * Calls to a service of AWS, signed by Signature version 4. Two functions make two calls each of ACM and Route 53: the
 * services' clients would be the largest part of their bundles. Paths must need no escaping; there are no query strings.
 * The answer's body, or `unavailable` with the service's own code.
 */
export const createAwsCall =
  (options: {
    readonly service: 'acm' | 'route53';
    readonly region: string;
    readonly endpoint: string;
    readonly credentials: () => Promise<AwsCredentials>;
    readonly now: () => number;
  }): AwsCall =>
  async ({ method, path, headers = {}, body = '' }) => {
    const { service, region } = options;
    const credentials = await options.credentials();
    const url = new URL(path, options.endpoint);
    const time = new Date(options.now()).toISOString().replace(/[-:]|\.\d{3}/g, '');
    const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
    const signed: Record<string, string> = {
      ...headers,
      host: url.host,
      'x-amz-date': time,
      ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
    };
    const names = Object.keys(signed).sort();
    const canonical = [
      ...[method, url.pathname, ''],
      ...names.map((name) => `${name}:${signed[name]}`),
      ...['', names.join(';'), sha256(body)],
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
      ...(method === 'POST' ? { body } : {}),
      signal: AbortSignal.timeout(answerMilliseconds),
    }).catch((cause: unknown) => {
      throw new SallyportError('unavailable', { detail: `${service} does not answer`, cause });
    });
    const text = await reply.text();
    if (reply.ok) return text;
    const code = /"__type":"([\w.#]{1,100})"|<Code>(\w{1,100})<\/Code>/.exec(text);
    throw new SallyportError('unavailable', {
      detail: `${service} refused: ${reply.status} ${code?.[1] ?? code?.[2] ?? ''}`.trim(),
    });
  };
