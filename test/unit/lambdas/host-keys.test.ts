import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { makeHostKeyPairs, makeSigningKeyPairs } from '../../../adapters/ssh/host-key-pairs.ts';
import { readPrivateKey } from '../../../adapters/ssh/keys.ts';
import { createSshKeys } from '../../../adapters/ssh/ssh-keys.ts';
import type { HostKeyPair, HostKeySet } from '../../../core/ports/host-key-store.ts';
import type { PinSet } from '../../../core/ports/pins.ts';
import { respond } from '../../../lambdas/host-keys.ts';
import { createWorld } from '../use-cases/world.ts';

let server: Server;
let url: string;
const answers: { readonly method: string | undefined; readonly type: string | undefined; readonly body: unknown }[] =
  [];
const textOf = async (request: IncomingMessage) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
beforeAll(async () => {
  server = createServer(async (request, reply) => {
    answers.push({
      method: request.method,
      type: request.headers['content-type'],
      body: JSON.parse(await textOf(request)),
    });
    reply.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?signed`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  answers.length = 0;
});

const memory = <T>() => {
  const store = {
    value: undefined as T | undefined,
    read: async () => store.value,
    write: async (value: T) => {
      store.value = value;
    },
  };
  return store;
};
const connect = () => {
  let made = 0;
  const pairs = (name: string) => async (): Promise<readonly HostKeyPair[]> => {
    made += 1;
    return [{ type: 'ssh-ed25519', private: `private ${name}${made}`, public: `ssh-ed25519 ${name}${made}` }];
  };
  const { ports, lines } = createWorld();
  const stores = {
    relayKeys: memory<HostKeySet>(),
    routerKeys: memory<HostKeySet>(),
    linkKeys: memory<HostKeySet>(),
    anchorKeys: memory<HostKeySet>(),
    pins: memory<PinSet>(),
  };
  const makers = { makeHostKeyPairs: pairs(''), makeSigningKeyPairs: pairs('signing ') };
  return { ...stores, lines, made: () => made, ports: { ...ports, ...stores, ...makers } };
};
const event = (RequestType: 'Create' | 'Update' | 'Delete'): CloudFormationCustomResourceEvent => ({
  RequestType,
  ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:host-keys',
  ResponseURL: url,
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'HostKeys',
  PhysicalResourceId: 'sallyport-host-keys',
  ResourceType: 'Custom::SallyportHostKeys',
  ResourceProperties: { ServiceToken: 'x' },
  OldResourceProperties: { ServiceToken: 'x' },
});

test('the first time it fills every secret, and says so', async () => {
  const { ports, relayKeys, routerKeys, linkKeys, anchorKeys, pins } = connect();
  await respond(ports, event('Create'));
  expect(pins.value?.lines).toEqual(relayKeys.value?.keys.map((key) => key.public));
  expect(relayKeys.value?.since).toBe(ports.clock.now());
  expect(routerKeys.value).not.toEqual(relayKeys.value);
  expect(linkKeys.value).toEqual({
    keys: [expect.objectContaining({ public: 'ssh-ed25519 signing 3' })],
    since: ports.clock.now(),
  });
  expect(anchorKeys.value).toEqual({
    keys: [expect.objectContaining({ public: 'ssh-ed25519 signing 4' })],
    since: ports.clock.now(),
  });
  expect(answers).toEqual([
    {
      method: 'PUT',
      type: '',
      body: {
        Status: 'SUCCESS',
        Data: { AnchorKey: 'ssh-ed25519 signing 4' },
        PhysicalResourceId: 'sallyport-host-keys',
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'HostKeys',
      },
    },
  ]);
  expect(JSON.stringify(answers)).not.toContain('private');
});

test('again it keeps what is there, and a deletion deletes nothing', async () => {
  const { ports, relayKeys, linkKeys, anchorKeys, pins, made } = connect();
  await respond(ports, event('Create'));
  const before = structuredClone([relayKeys.value, linkKeys.value, anchorKeys.value, pins.value]);
  for (const type of ['Update', 'Create', 'Delete'] as const) await respond(ports, event(type));
  expect([relayKeys.value, linkKeys.value, anchorKeys.value, pins.value, made()]).toEqual([...before, 4]);
  const Data = { AnchorKey: 'ssh-ed25519 signing 4' };
  expect(answers.map(({ body }) => body)).toEqual([
    ...[1, 2, 3].map(() => expect.objectContaining({ Data })),
    expect.not.objectContaining({ Data: expect.anything() }),
  ]);
});

test('a rotation keeps its old pins and gets the new ones', async () => {
  const { ports, pins } = connect();
  pins.value = { version: 5, lines: ['ssh-ed25519 old'] };
  await respond(ports, event('Update'));
  expect(pins.value).toEqual({ version: ports.clock.now(), lines: ['ssh-ed25519 old', 'ssh-ed25519 1'] });
});

test('a stage that has its host keys gets the keys that sign at its next deployment, and nothing else', async () => {
  const { ports, relayKeys, routerKeys, linkKeys, anchorKeys, pins, made } = connect();
  await respond(ports, event('Create'));
  const before = structuredClone([relayKeys.value, routerKeys.value, pins.value]);
  linkKeys.value = undefined;
  anchorKeys.value = undefined;
  await respond(ports, event('Update'));
  expect(linkKeys.value).toMatchObject({ keys: [{ public: 'ssh-ed25519 signing 5' }] });
  expect(anchorKeys.value).toMatchObject({ keys: [{ public: 'ssh-ed25519 signing 6' }] });
  expect([relayKeys.value, routerKeys.value, pins.value, made()]).toEqual([...before, 6]);
});

test('a failure is told without its cause, so that the stack does not hang', async () => {
  const { ports, relayKeys, lines } = connect();
  relayKeys.write = () => Promise.reject(new Error('the secret itself'));
  await respond(ports, event('Create'));
  expect(answers).toMatchObject([{ body: { Status: 'FAILED', Reason: expect.stringContaining('log') } }]);
  expect(JSON.stringify(answers)).not.toContain('the secret itself');
  expect(lines).toMatchObject([{ level: 'error', event: 'request.failed' }]);
});

test('three keys of the types that clients know, readable by whoever serves and whoever pins them', async () => {
  const pairs = await makeHostKeyPairs();
  expect(pairs.map(({ type }) => type)).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa']);
  for (const pair of pairs) {
    expect(readPrivateKey(pair.private).publicLine()).toBe(pair.public);
    expect(createSshKeys().parse(pair.public)).toMatchObject({ ok: true, key: { type: pair.type, line: pair.public } });
  }
  const rsa = createPublicKey(createPrivateKey(pairs[2]?.private ?? ''));
  expect(rsa.asymmetricKeyDetails?.modulusLength).toBe(3072);
});

test('a key that signs is one ed25519 pair, which signs what its public half verifies; another each time', async () => {
  const [pair, ...more] = await makeSigningKeyPairs();
  expect(more).toEqual([]);
  expect(pair?.type).toBe('ssh-ed25519');
  const key = createPrivateKey(pair?.private ?? '');
  expect(key.asymmetricKeyType).toBe('ed25519');
  // RFC 8709 section 4: the blob ends with the 32 bytes of the key.
  const x = Buffer.from(pair?.public.split(' ')[1] ?? '', 'base64')
    .subarray(-32)
    .toString('base64url');
  const read = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  expect(verify(null, Buffer.from('link'), read, sign(null, Buffer.from('link'), key))).toBe(true);
  expect((await makeSigningKeyPairs())[0]?.private).not.toBe(pair?.private);
});
