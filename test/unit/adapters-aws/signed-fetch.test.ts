import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { createSignedFetch, type SignedRequest } from '../../../adapters/aws/signed-fetch.ts';
import { Sha256 } from '../local-aws-endpoint/system.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret', sessionToken: 'a+token/=' };

type Heard = { readonly request: IncomingMessage; readonly body: string };
let server: Server;
let heard: Heard | undefined;

beforeAll(async () => {
  server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    heard = { request, body: Buffer.concat(chunks).toString('utf8') };
    reply.writeHead(418).end('short and stout');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const services = ['acm', 'route53', 's3', 'execute-api'] as const;
const requests: readonly (SignedRequest & { readonly query: Record<string, string | string[]> })[] = [
  { method: 'POST', path: '/2013-04-01/x', headers: { 'content-type': 'a/b' }, body: 'süß', query: {} },
  { method: 'GET', path: "/a%20b/s%C3%BC%C3%9F/c:d=e,f@g/it's(x)!*", query: {} },
  { method: 'PUT', path: '/audit/2026-11-21/700-2.jsonl', headers: { 'if-none-match': '*' }, body: 'x\n', query: {} },
  {
    method: 'DELETE',
    path: '/v1/x?b=2&a=it%27s%20%C3%BC&a-b=1&a=%21%2F%3D&B=&c=A%2BB%26*',
    query: { b: '2', a: ["it's ü", '!/='], 'a-b': '1', B: '', c: 'A+B&*' },
  },
];

/** AWS's own library signs the same request the same way. */
test.each(services.flatMap((service) => requests.map((request) => [service, request] as const)))(
  '%s: the signature is what AWS computes: $method $path',
  async (service, { query, ...request }) => {
    const send = createSignedFetch({
      ...{ service, region: 'eu-west-1', now: Date.now, timeoutMilliseconds: 5_000 },
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: async () => credentials,
    });
    expect(await send(request)).toEqual({ status: 418, text: 'short and stout' });
    const { headers = {}, method = '', url = '' } = heard?.request ?? {};
    expect({ method, url, body: heard?.body }).toEqual({
      method: request.method,
      url: request.path,
      body: request.body ?? '',
    });
    const bodyHash = createHash('sha256')
      .update(request.body ?? '')
      .digest('hex');
    expect(headers).toMatchObject({
      'x-amz-security-token': credentials.sessionToken,
      'x-amz-content-sha256': bodyHash,
    });

    const time = String(headers['x-amz-date']).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z');
    const signer = new SignatureV4({
      ...{ service, region: 'eu-west-1', credentials, sha256: Sha256 },
      // S3 alone takes the path as it stands.
      uriEscapePath: service !== 's3',
    });
    const { host = '' } = headers;
    const signed = await signer.sign(
      {
        ...{ method, protocol: 'http:', hostname: host, path: url.split('?', 1)[0] ?? '', query },
        headers: { ...request.headers, host },
        body: request.body,
      },
      { signingDate: new Date(time) },
    );
    expect(headers.authorization).toBe(signed.headers.authorization);
  },
);
