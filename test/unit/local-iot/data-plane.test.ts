import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  GetRetainedMessageCommand,
  IoTDataPlaneClient,
  PublishCommand,
  SendDirectMessageCommand,
} from '@aws-sdk/client-iot-data-plane';
import { systemClock } from '../../../local/iot/clock.ts';
import type { DataPlaneAction } from '../../../local/iot/data-plane.ts';
import type { DataPlaneRequest } from '../../../local/iot/data-plane-request.ts';
import { allow, arn } from './fake-authorize.ts';
import { ended, Harness, nextMessage } from './harness.ts';

let harness: Harness;
let server: Server;
let sdk: IoTDataPlaneClient;
let actions: (readonly DataPlaneAction[])[];
let ruled: unknown[];

/** The least an HTTP endpoint does around the stand-in; signatures and policies are another's. */
function endpoint(): Server {
  return createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const { method = 'GET', headers } = request;
    const query = Object.fromEntries(url.searchParams);
    const asked: DataPlaneRequest = { method, path: url.pathname, query, headers, body: Buffer.concat(chunks) };
    try {
      actions.push(harness.iot.dataPlaneActions(asked));
    } catch {
      // A request that is not offered: the answer below says so.
    }
    const answer = await harness.iot.handleDataPlaneRequest(asked, 'caller');
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
}

beforeEach(async () => {
  actions = [];
  ruled = [];
  harness = await Harness.start({ invoke: (_, event) => void ruled.push(event) });
  server = endpoint();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  sdk = new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  sdk.destroy();
  server.closeAllConnections();
  server.close();
  await harness.close();
});

const failure = (name: string, status: number) => ({ name, $metadata: { httpStatusCode: status } });

test('Publish carries everything, and rules know its caller', async () => {
  harness.iot.addRule({
    name: 'r',
    sql: "SELECT *, clientid() AS client, principal() AS who FROM 'a/#'",
    targets: [{ action: 'LambdaAction', resource: 'x' }],
  });
  const client = await harness.connect(await harness.device('pump-7'));
  await client.subscribeAsync('a/+', { qos: 1 });
  const message = nextMessage(client);
  await sdk.send(
    new PublishCommand({
      topic: 'a/ü b',
      payload: Buffer.from('{"v":1}'),
      qos: 1,
      messageExpiry: 30,
      contentType: 'application/json',
      responseTopic: 'answers',
      payloadFormatIndicator: 'UTF8_DATA',
      correlationData: Buffer.from('c').toString('base64'),
      userProperties: JSON.stringify([{ a: '1' }, { b: '2' }, { a: '3' }]),
    }),
  );
  expect(await message).toMatchObject({
    topic: 'a/ü b',
    text: '{"v":1}',
    packet: {
      qos: 1,
      properties: {
        messageExpiryInterval: 30,
        contentType: 'application/json',
        responseTopic: 'answers',
        payloadFormatIndicator: true,
        correlationData: Buffer.from('c'),
        userProperties: { a: ['1', '3'], b: '2' },
      },
    },
  });
  expect(ruled).toEqual([{ v: 1, client: 'n/a', who: 'caller' }]);
  expect(actions).toEqual([[{ action: 'iot:Publish', resource: arn('topic/a/ü b'), conditions: {} }]]);
});

test('Publish retains with two permissions; GetRetainedMessage reads it', async () => {
  const payload = Buffer.from('config');
  await sdk.send(new PublishCommand({ topic: 'a', payload, retain: true, userProperties: '[{"a":"1"}]' }));
  expect(actions[0]?.map(({ action }) => action)).toEqual(['iot:Publish', 'iot:RetainPublish']);
  const found = await sdk.send(new GetRetainedMessageCommand({ topic: 'a' }));
  expect(found).toMatchObject({ topic: 'a', qos: 0, lastModifiedTime: harness.clock.now() });
  expect(Buffer.from(found.payload ?? []).toString()).toBe('config');
  expect(Buffer.from(found.userProperties ?? []).toString()).toBe('[{"a":"1"}]');
  expect(actions[1]).toEqual([{ action: 'iot:GetRetainedMessage', resource: arn('topic/a'), conditions: {} }]);
  await expect(sdk.send(new GetRetainedMessageCommand({ topic: 'b' }))).rejects.toMatchObject(
    failure('ResourceNotFoundException', 404),
  );
});

test('Publish reaches a rule by Basic Ingest', async () => {
  harness.iot.addRule({ name: 'r', sql: 'SELECT *', targets: [{ action: 'LambdaAction', resource: 'x' }] });
  await sdk.send(new PublishCommand({ topic: '$aws/rules/r/x', payload: Buffer.from('{"v":1}') }));
  expect(ruled).toEqual([{ v: 1 }]);
});

test('Publish refuses bad topics, sizes and qualities', async () => {
  const publish = (input: object) => sdk.send(new PublishCommand({ topic: 'a', ...input }));
  const invalid = failure('InvalidRequestException', 400);
  await expect(publish({ topic: '1/2/3/4/5/6/7/8/9' })).rejects.toMatchObject(invalid);
  await expect(publish({ topic: '$aws/events/x' })).rejects.toMatchObject(invalid);
  await expect(publish({ qos: 2 })).rejects.toMatchObject(invalid);
  await expect(publish({ userProperties: '{"a":1}' })).rejects.toMatchObject(invalid);
  await expect(publish({ payload: Buffer.alloc(128 * 1024 + 1) })).rejects.toMatchObject(
    failure('RequestEntityTooLargeException', 413),
  );
});

test('SendDirectMessage: 200 after the PUBACK, 404 and 403 with a message', async () => {
  const client = await harness.connect(await harness.device('pump/7'));
  const message = nextMessage(client);
  const send = (clientId: string) =>
    sdk.send(
      new SendDirectMessageCommand({
        clientId,
        topic: 'commands/open',
        confirmation: true,
        timeout: 4,
        payload: Buffer.from('{}'),
        contentType: 'application/json',
      }),
    );
  await expect(send('pump/7')).resolves.toMatchObject({ message: 'OK', traceId: expect.any(String) });
  expect(await message).toMatchObject({ topic: 'commands/open', packet: { qos: 1 } });
  expect(actions[0]).toEqual([
    {
      action: 'iot:SendDirectMessage',
      resource: arn('client/pump/7'),
      conditions: { 'iot:Topic': 'commands/open' },
    },
  ]);
  await expect(send('pump-8')).rejects.toMatchObject({
    ...failure('ResourceNotFoundException', 404),
    message: 'The target client ID is not connected.',
  });
  const deaf = await harness.device('pump-9', { policies: [allow({ 'iot:Connect': ['client/*'] })] });
  await harness.connect(deaf);
  await expect(send('pump-9')).rejects.toMatchObject({
    ...failure('ForbiddenException', 403),
    message: expect.stringContaining('pump-9'),
  });
});

test('SendDirectMessage: 504 when no PUBACK comes', async () => {
  await harness.close();
  harness = await Harness.start({ clock: systemClock });
  await harness.connect(await harness.device('pump-7'));
  harness.iot.pauseDelivery('pump-7');
  const message = { clientId: 'pump-7', topic: 'x', confirmation: true, timeout: 1 };
  await expect(sdk.send(new SendDirectMessageCommand(message))).rejects.toMatchObject(
    failure('GatewayTimeoutException', 504),
  );
});

test('GetConnection tells of a connection, and of its end for half an hour', async () => {
  const exclusive = { name: 'pump-7', attributes: {}, principalType: 'EXCLUSIVE_THING' } as const;
  const device = await harness.device('pump-7', { things: [exclusive] });
  const get = () => sdk.send(new GetConnectionCommand({ clientId: 'agent-7' }));
  await expect(get()).rejects.toMatchObject(failure('ResourceNotFoundException', 404));
  const client = await harness.connect(device, { clientId: 'agent-7', keepalive: 60 });
  const since = harness.clock.now();
  expect(await get()).toMatchObject({
    clientId: 'agent-7',
    connected: true,
    thingName: 'pump-7',
    cleanSession: true,
    keepAliveDuration: 60,
    sessionExpiry: 0,
    connectedSince: since,
  });
  harness.clock.advance(1_000);
  await client.endAsync();
  const after = await get();
  expect(after).toMatchObject({
    connected: false,
    disconnectedSince: since + 1_000,
    disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
  });
  expect(after).not.toHaveProperty('connectedSince');
  harness.clock.advance(30 * 60_000 + 1);
  await expect(get()).rejects.toMatchObject(failure('ResourceNotFoundException', 404));
  expect(actions[0]).toEqual([{ action: 'iot:GetConnection', resource: arn('client/agent-7'), conditions: {} }]);
  await expect(
    sdk.send(new GetConnectionCommand({ clientId: 'agent-7', includeSocketInformation: true })),
  ).rejects.toMatchObject(failure('InvalidRequestException', 400));
});

test('DeleteConnection disconnects, and forgets the session if asked', async () => {
  const device = await harness.device('pump-7');
  const persistent = { clean: false, properties: { sessionExpiryInterval: 600 } };
  const told = ended(await harness.connect(device, persistent));
  await sdk.send(new DeleteConnectionCommand({ clientId: 'pump-7' }));
  await expect(told).resolves.toBe(0x98);
  expect(harness.iot.getConnection('pump-7').disconnectReason).toBe('API_INITIATED_DISCONNECT');
  expect(actions[0]).toEqual([{ action: 'iot:DeleteConnection', resource: arn('client/pump-7'), conditions: {} }]);

  const back = await harness.connect(device, persistent);
  expect(harness.connack(back).sessionPresent).toBe(true);
  await sdk.send(new DeleteConnectionCommand({ clientId: 'pump-7', cleanSession: true }));
  const anew = await harness.connect(device, persistent);
  expect(harness.connack(anew).sessionPresent).toBe(false);
  await expect(sdk.send(new DeleteConnectionCommand({ clientId: 'pump-8' }))).rejects.toMatchObject(
    failure('ResourceNotFoundException', 404),
  );
  await expect(sdk.send(new DeleteConnectionCommand({ clientId: '$x' }))).rejects.toMatchObject(
    failure('InvalidRequestException', 400),
  );
});

test.each([
  ['GET', '/things/pump-7/shadow', 405, 'MethodNotAllowedException'],
  ['PUT', '/topics/a', 405, 'MethodNotAllowedException'],
  ['GET', '/connections/pump-7/subscriptions', 405, 'MethodNotAllowedException'],
  ['POST', '/topics/%zz', 400, 'InvalidRequestException'],
])('%s %s is answered with %d', async (method, path, status, name) => {
  const request = { method, path, query: {}, headers: {}, body: Buffer.alloc(0) };
  const answer = await harness.iot.handleDataPlaneRequest(request);
  expect(answer).toMatchObject({ status, headers: { 'x-amzn-errortype': name } });
  expect(() => harness.iot.dataPlaneActions(request)).toThrow(expect.objectContaining({ status }));
});
