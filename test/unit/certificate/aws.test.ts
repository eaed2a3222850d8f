import { createPrivateKey } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAcmExport } from '../../../adapters/aws/acm-export.ts';
import { createRoute53Challenge } from '../../../adapters/aws/route53-challenge.ts';
import { createAwsCall } from '../../../adapters/aws/signed-call.ts';
import { createSignedFetch } from '../../../adapters/aws/signed-fetch.ts';
import { judgeCertificate } from '../../../core/model/certificate.ts';
import { type Authority, createAuthority } from '../../../local/ca/authority.ts';

const domain = 'tunnels.example.com';
type Heard = { readonly request: IncomingMessage; readonly body: string };

let server: Server;
let endpoint: string;
let heard: Heard[];
let answer: (one: Heard) => { readonly status?: number; readonly body: string };

beforeAll(async () => {
  server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = { request, body: Buffer.concat(chunks).toString('utf8') };
    heard.push(one);
    const { status = 200, body } = answer(one);
    reply.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  heard = [];
});

const callOf = (service: 'acm' | 'route53', at = endpoint) =>
  createAwsCall(
    service,
    createSignedFetch({
      ...{ service, region: 'eu-west-1', endpoint: at, now: Date.now, timeoutMilliseconds: 15_000 },
      credentials: async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret' }),
    }),
  );

test('a refusal is told by its code, and no more of it', async () => {
  answer = () => ({ status: 400, body: '{"__type":"AccessDeniedException","message":"a secret"}' });
  const refused = callOf('acm')({ method: 'POST', path: '/' });
  await expect(refused).rejects.toMatchObject({
    code: 'unavailable',
    message: 'acm refused: 400 AccessDeniedException',
  });
});

test('a service that nobody answers for is told as such', async () => {
  const refused = callOf('route53', 'http://127.0.0.1:1')({ method: 'GET', path: '/' });
  await expect(refused).rejects.toMatchObject({ code: 'unavailable', message: 'route53 does not answer' });
});

describe('a certificate of ACM', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority();
  });
  const arn = 'arn:aws:acm:eu-west-1:123456789012:certificate/x';

  /** ACM as far as it is asked: the key leaves it encrypted by the passphrase that came. */
  const acmWith = async () => {
    const issued = await authority.issueServer([`*.${domain}`]);
    const key = createPrivateKey(issued.privateKey);
    answer = ({ request, body }) => {
      const input = JSON.parse(body);
      if (input.CertificateArn !== arn) return { status: 400, body: '{"__type":"ResourceNotFoundException"}' };
      if (request.headers['x-amz-target'] === 'CertificateManager.GetCertificate')
        return { body: JSON.stringify({ Certificate: issued.certificate, CertificateChain: authority.certificate }) };
      const passphrase = Buffer.from(input.Passphrase, 'base64');
      const PrivateKey = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
      return {
        body: JSON.stringify({ Certificate: issued.certificate, CertificateChain: authority.certificate, PrivateKey }),
      };
    };
    return issued;
  };
  const asked = () => heard.map(({ request }) => String(request.headers['x-amz-target']).split('.')[1]);

  test('is exported when there is none, and again only when it is another', async () => {
    await acmWith();
    const issuer = createAcmExport({ call: callOf('acm'), certificate: arn });
    const first = await issuer.next(undefined);
    expect(judgeCertificate(first ?? { cert: '', key: '' }, { domain, now: Date.now() })).toMatchObject({ ok: true });
    expect(await issuer.next(first)).toBeUndefined();
    await acmWith();
    const second = await issuer.next(first);
    expect(judgeCertificate(second ?? { cert: '', key: '' }, { domain, now: Date.now() })).toMatchObject({ ok: true });
    expect(second?.cert).not.toBe(first?.cert);
    expect(asked()).toEqual([
      'GetCertificate',
      'ExportCertificate',
      'GetCertificate',
      'GetCertificate',
      'ExportCertificate',
    ]);
  });

  test('that cannot be read is told without its key', async () => {
    answer = ({ request }) => ({
      body: JSON.stringify({
        Certificate: authority.certificate,
        ...(String(request.headers['x-amz-target']).endsWith('.ExportCertificate')
          ? { CertificateChain: '', PrivateKey: '-----BEGIN secret' }
          : {}),
      }),
    });
    const failed = createAcmExport({ call: callOf('acm'), certificate: arn }).next(undefined);
    await expect(failed).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the key that ACM exported cannot be read',
    });
  });
});

test('the challenge is put, waited for until every name server has it, and taken away', async () => {
  let polls = 0;
  answer = ({ request }) => {
    if (request.method === 'POST')
      return { body: '<r><ChangeInfo><Id>/change/C123ABC</Id><Status>PENDING</Status></ChangeInfo></r>' };
    polls += 1;
    return { body: `<r><Status>${polls < 3 ? 'PENDING' : 'INSYNC'}</Status></r>` };
  };
  const challenge = createRoute53Challenge({
    ...{ call: callOf('route53'), zone: 'Z123', domain },
    timers: {
      schedule: (_milliseconds, run) => {
        setImmediate(run);
        return { cancel: () => undefined };
      },
    },
  });
  await challenge.put('a-value_1');
  await challenge.remove('a-value_1');
  expect(heard.map(({ request }) => `${request.method} ${request.url}`)).toEqual([
    'POST /2013-04-01/hostedzone/Z123/rrset',
    ...Array.from({ length: 3 }, () => 'GET /2013-04-01/change/C123ABC'),
    'POST /2013-04-01/hostedzone/Z123/rrset',
  ]);
  const [put, , , , removed] = heard;
  const record = `<Name>_acme-challenge.${domain}.</Name><Type>TXT</Type><TTL>30</TTL><ResourceRecords><ResourceRecord><Value>"a-value_1"</Value>`;
  expect(put?.body).toContain(`<Action>UPSERT</Action><ResourceRecordSet>${record}`);
  expect(removed?.body).toContain(`<Action>DELETE</Action><ResourceRecordSet>${record}`);
});
