import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createIotClient } from '../../../adapters/iot/client.ts';
import { createDeviceMessages } from '../../../adapters/iot/device-messages.ts';
import { createOperatorMessages } from '../../../adapters/iot/operator-messages.ts';
import type { Command } from '../../../core/wire/command.ts';
import type { OperatorEvent } from '../../../core/wire/operator-event.ts';

type Reply = { readonly status: number; readonly type?: string; readonly body?: object } | 'hang up';
type Request = { readonly method: string | undefined; readonly url: string; readonly body: string };

let server: Server;
let endpoint: string;
let replies: Reply[] = [];
let requests: Request[] = [];
beforeAll(async () => {
  server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({
      method: request.method,
      url: decodeURIComponent(request.url ?? ''),
      body: Buffer.concat(chunks).toString(),
    });
    const next = replies.shift() ?? { status: 200 };
    if (next === 'hang up') return void request.socket.destroy();
    reply.writeHead(next.status, { 'content-type': 'application/json', 'x-amzn-errortype': next.type ?? '' });
    reply.end(JSON.stringify(next.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
);
beforeEach(() => {
  replies = [];
  requests = [];
});

const client = () =>
  createIotClient({ endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
const messages = (delivery: 'direct' | 'publish' = 'direct') => createDeviceMessages({ client: client(), delivery });
const target = { device: 'pump-7', clientId: 'pump-7.sallyport' };
const command: Command = { v: 1, type: 'close', tunnel: 'aaaaaaaaaaaaaaaa', reason: 'operator' };
const away = { status: 404, type: 'ResourceNotFoundException' } as const;
const silent = { status: 504, type: 'GatewayTimeoutException' } as const;

describe('a direct message', () => {
  test('goes to the client, on the topic of the device, and asks for its acknowledgement', async () => {
    expect(await messages().send(target, command)).toBe('acknowledged');
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url).toContain('pump-7.sallyport');
    expect(requests[0]?.url).toContain('sallyport/v1/devices/pump-7/commands');
    expect(requests[0]?.url).toMatch(/confirmation=true/);
    expect(requests[0]?.url).toMatch(/timeout=4/);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual(command);
  });

  test.each([
    ['offline', away],
    ['silent', silent],
  ] as const)('%s, and it is not sent again', async (delivery, reply) => {
    replies = [reply];
    expect(await messages().send(target, command)).toBe(delivery);
    expect(requests).toHaveLength(1);
  });

  test.each([
    { status: 403, type: 'ForbiddenException' },
    { status: 429, type: 'ThrottlingException' },
    { status: 500, type: 'InternalFailureException' },
  ])('%j is unavailable, once', async (reply) => {
    replies = [reply];
    await expect(messages().send(target, command)).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests).toHaveLength(1);
  });

  test('is sent once more where a kept connection had been closed', async () => {
    replies = ['hang up'];
    expect(await messages().send(target, command)).toBe('acknowledged');
    expect(requests).toHaveLength(2);
    replies = ['hang up', 'hang up'];
    await expect(messages().send(target, command)).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('published instead, a command expires before it could surprise anybody', async () => {
  expect(await messages('publish').send(target, command)).toBe('published');
  expect(requests[0]?.url).toMatch(/^\/topics\/sallyport\/v1\/devices\/pump-7\/commands\?/);
  expect(requests[0]?.url).toMatch(/qos=1/);
  expect(requests[0]?.url).toMatch(/messageExpiry=10/);
});

describe('presence', () => {
  test.each([
    [
      { status: 200, body: { connected: true, connectedSince: 1_000 } },
      { connected: true, since: 1_000 },
    ],
    [
      { status: 200, body: { connected: false, disconnectedSince: 2_000 } },
      { connected: false, since: 2_000 },
    ],
    [away, { connected: false }],
  ] as const)('%j', async (reply, presence) => {
    replies = [reply];
    expect(await messages().presence('pump-7')).toEqual(presence);
  });
});

test("an operator's event goes to their own topic", async () => {
  const event = { v: 1, type: 'refused', id: 'r' } as OperatorEvent;
  await createOperatorMessages({ client: client() }).publish('oada', event);
  expect(requests).toMatchObject([{ method: 'POST', body: JSON.stringify(event) }]);
  expect(requests[0]?.url).toMatch(/^\/topics\/sallyport\/v1\/operators\/oada\/events\?qos=1/);
  replies = [{ status: 500, type: 'InternalFailureException' }];
  await expect(createOperatorMessages({ client: client() }).publish('oada', event)).rejects.toMatchObject({
    code: 'unavailable',
  });
});
