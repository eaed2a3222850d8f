import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../../adapters/aws/sha256.ts';
import type { AwsRequest } from '../../../local/aws-endpoint/aws-request.ts';
import { CredentialStore } from '../../../local/aws-endpoint/credentials.ts';
import { verifySignature } from '../../../local/aws-endpoint/signature.ts';
import { allow, place, roleArn, type SendOptions, type System, send, startSystem } from './system.ts';

const GET = {
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.GetItem' },
  body: JSON.stringify({ TableName: 'Tunnels', Key: { id: { S: '1' } } }),
};

let now = 0;
let system: System;
beforeEach(async () => {
  now = Date.now();
  system = await startSystem({
    now: () => now,
    tables: () => ({ arn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels', partitionKey: 'id', indexes: {} }),
    dynamodb: { call: async () => ({ status: 200, body: {} }) },
    iotData: {
      dataPlaneActions: () => [],
      handleDataPlaneRequest: async ({ path }) => ({
        status: 200,
        headers: {},
        body: Buffer.from(JSON.stringify({ path })),
      }),
    },
  });
  system.addRole('Relay', [allow('dynamodb:GetItem', '*')]);
  system.addRole('Router', [allow('dynamodb:GetItem', '*')]);
});
afterEach(() => system.endpoint.close());

const sendAs = (role: string, options: SendOptions, service = 'dynamodb') =>
  send(system.client(role), service, options);

test('a signed request is answered', async () => {
  expect((await sendAs('Relay', GET)).status).toBe(200);
});

test.each<[string, SendOptions['change'], string]>([
  ['no signature', ({ headers }) => delete headers.authorization, 'MissingAuthenticationTokenException'],
  [
    'another scheme',
    ({ headers }) => {
      headers.authorization = 'Bearer x';
    },
    'IncompleteSignatureException',
  ],
  [
    'a changed signature',
    ({ headers }) => {
      headers.authorization = flipLast(headers.authorization ?? '');
    },
    'InvalidSignatureException',
  ],
  [
    'a changed body',
    (sent) => {
      sent.body = sent.body.replace('Tunnels', 'Tunnelz');
    },
    'InvalidSignatureException',
  ],
  [
    'a changed operation',
    ({ headers }) => {
      headers['x-amz-target'] = 'DynamoDB_20120810.DeleteItem';
    },
    'InvalidSignatureException',
  ],
  [
    'a header added on the way',
    ({ headers }) => {
      headers['x-amz-extra'] = 'x';
    },
    'InvalidSignatureException',
  ],
  [
    'a payload hash of something else',
    ({ headers }) => {
      headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
    },
    'InvalidSignatureException',
  ],
  ['no session token', ({ headers }) => delete headers['x-amz-security-token'], 'UnrecognizedClientException'],
  [
    'an unknown key',
    ({ headers }) => {
      headers.authorization = (headers.authorization ?? '').replace(/ASIA\w+/, 'ASIAAAAAAAAAAAAAAAAA');
    },
    'UnrecognizedClientException',
  ],
])('%s is refused', async (_, change, code) => {
  const { status, json } = await sendAs('Relay', { ...GET, change });
  expect([status, json.__type]).toEqual([400, code]);
});

test('the session token of another role is refused, whatever the signature', async () => {
  const [relay, router] = [system.client('Relay'), system.client('Router')];
  const mixed = { ...relay.credentials, sessionToken: router.credentials.sessionToken };
  const { json } = await send({ ...relay, credentials: mixed }, 'dynamodb', GET);
  expect(json.__type).toBe('UnrecognizedClientException');
});

test('the secret of another role is refused', async () => {
  const [relay, router] = [system.client('Relay'), system.client('Router')];
  const mixed = { ...relay.credentials, secretAccessKey: router.credentials.secretAccessKey };
  const { json } = await send({ ...relay, credentials: mixed }, 'dynamodb', GET);
  expect(json.__type).toBe('InvalidSignatureException');
});

test.each([
  [-301_000, 'InvalidSignatureException', /^Signature expired: \d{8}T\d{6}Z is now earlier than/],
  [301_000, 'InvalidSignatureException', /^Signature not yet current/],
  [-295_000, undefined, undefined],
])('signed %i ms from now', async (offset, code, message) => {
  const { json } = await sendAs('Relay', { ...GET, signingDate: new Date(now + offset) });
  expect(json.__type).toBe(code);
  if (message) expect(json.message).toMatch(message);
});

test('credentials end when they were issued to end', async () => {
  const credentials = system.endpoint.issueCredentials(roleArn('Relay'), { seconds: 60 });
  const settings = { ...system.client('Relay'), credentials };
  expect((await send(settings, 'dynamodb', GET)).status).toBe(200);
  now += 60_000;
  expect((await send(settings, 'dynamodb', { ...GET, signingDate: new Date(now) })).json.__type).toBe(
    'ExpiredTokenException',
  );
});

test('a client cannot leave its body unsigned', async () => {
  const unsigned = { ...GET, headers: { ...GET.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
  const { json } = await sendAs('Relay', unsigned);
  expect(json).toMatchObject({
    __type: 'InvalidSignatureException',
    message: expect.stringContaining('x-amz-content-sha256'),
  });
});

test('another Region and an unknown service are refused', async () => {
  const settings = system.client('Relay');
  expect((await send({ ...settings, region: 'us-east-1' }, 'dynamodb', GET)).json.message).toMatch(/valid region/);
  expect((await send(settings, 's3', GET)).json.message).toMatch(/correct service/);
});

test('paths and queries are canonicalised as the SDK does', async () => {
  const iot = new IoTDataPlaneClient(system.client('Relay'));
  const topic = '$aws/rules/a b/ü+#?&=/~x*';
  await expect(
    iot.send(new PublishCommand({ topic, qos: 1, contentType: 'a/b; c=d&e', payload: Buffer.from('x') })),
  ).resolves.toBeDefined();
});

test('the SDK raises the exception of that name', async () => {
  const settings = system.client('Relay');
  const client = new DynamoDBClient({ ...settings, credentials: { ...settings.credentials, secretAccessKey: 'x' } });
  await expect(
    client.send(new GetItemCommand({ TableName: 'Tunnels', Key: { id: { S: '1' } } })),
  ).rejects.toMatchObject({
    name: 'InvalidSignatureException',
    $metadata: { httpStatusCode: 400, requestId: expect.any(String) },
  });
});

test('a role that is not registered has no credentials', () => {
  expect(() => system.endpoint.issueCredentials(roleArn('Nobody'))).toThrow(/not registered/);
});

test('verification costs well under a millisecond', async () => {
  const credentials = new CredentialStore();
  const { principals } = system.policies;
  const issued = credentials.issue(principals.callerOf(roleArn('Relay'), 'one'), now);
  const signer = new SignatureV4({ service: 'dynamodb', region: place.region, credentials: issued, sha256: Sha256 });
  const body = GET.body.padEnd(1024);
  const headers = {
    ...GET.headers,
    host: '127.0.0.1:1',
    'user-agent': 'x',
    'amz-sdk-request': 'attempt=1',
    'amz-sdk-invocation-id': 'y',
  };
  const signed = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    path: '/',
    headers,
    body,
  });
  const request: AwsRequest = {
    method: 'POST',
    path: '/',
    query: {},
    queryValues: {},
    headers: signed.headers,
    body: Buffer.from(body),
  };
  const options = { credentials, region: place.region, services: new Set(['dynamodb']), now: () => now };
  const times: number[] = [];
  for (let round = 0; round < 3000; round++) {
    const started = performance.now();
    await verifySignature(request, options);
    times.push(performance.now() - started);
  }
  times.sort((one, other) => one - other);
  const [p50 = 0, p99 = 0] = [times[1500], times[2970]];
  process.stdout.write(`SigV4 verification: p50 ${(p50 * 1000).toFixed(0)} us, p99 ${(p99 * 1000).toFixed(0)} us\n`);
  expect(p50).toBeLessThan(0.5);
});

/** The same signature with another last digit. */
function flipLast(authorization: string): string {
  return authorization.slice(0, -1) + (authorization.endsWith('0') ? '1' : '0');
}
