import type { DynamoDBRecord } from 'aws-lambda';
import { tunnelOfImage } from '../../../adapters/dynamodb/tunnel-stream.ts';
import { respond } from '../../../lambdas/notify.ts';
import { createWorld, operatorId, startOfTime } from '../use-cases/world.ts';

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;

const image = (id: string, state: string, epoch = 1): Image => ({
  id: { S: id },
  device: { S: 'pump-7' },
  service: { S: 'ssh' },
  scheme: { S: 'ssh' },
  operator: { S: operatorId },
  origin: { S: 'api' },
  state: { S: state },
  createdAt: { N: String(startOfTime) },
  endsAt: { N: String(startOfTime + 3_600_000) },
  idleSeconds: { N: '900' },
  allow: { L: [{ S: '192.0.2.1/32' }] },
  plainTcp: { BOOL: false },
  epoch: { N: String(epoch) },
  holder: { M: { serverId: { S: 'raaaaaaaaa' }, worker: { N: '0' } } },
  holderServer: { S: 'raaaaaaaaa' },
  dueAt: { N: '1' },
  dueBucket: { N: '3' },
  purgeAt: { N: '1' },
});
const record = (sequence: string, id: string, before: Image | undefined, after: Image | undefined): DynamoDBRecord => ({
  eventName: 'MODIFY',
  dynamodb: {
    Keys: { id: { S: id } },
    SequenceNumber: sequence,
    ApproximateCreationDateTime: startOfTime / 1_000,
    ...(before === undefined ? {} : { OldImage: before }),
    ...(after === undefined ? {} : { NewImage: after }),
  },
});
const a = 'aaaaaaaaaaaaaaaa';
const b = 'bbbbbbbbbbbbbbbb';
const connect = () => {
  const world = createWorld();
  return { ...world, ports: { ...world.ports, tunnelOfImage } };
};

test('an image reads back as the tunnel, without the keys of indexes', () => {
  expect(tunnelOfImage(image(a, 'open'))).toEqual({
    id: a,
    device: 'pump-7',
    service: 'ssh',
    scheme: 'ssh',
    operator: operatorId,
    origin: 'api',
    state: 'open',
    createdAt: startOfTime,
    endsAt: startOfTime + 3_600_000,
    idleSeconds: 900,
    allow: ['192.0.2.1/32'],
    plainTcp: false,
    epoch: 1,
    holder: { serverId: 'raaaaaaaaa', worker: 0 },
  });
});

test('what changed is told once, what only moved or was purged is not', async () => {
  const { ports, events } = connect();
  const Records = [
    record('1', a, undefined, image(a, 'requested', 0)),
    record('2', a, image(a, 'requested', 0), image(a, 'open')),
    record('3', a, image(a, 'open', 1), image(a, 'open', 2)),
    record('4', b, image(b, 'closed'), undefined),
  ];
  expect(await respond(ports, { Records })).toEqual({ batchItemFailures: [] });
  expect(events.map(({ event }) => event.type === 'tunnel' && event.tunnel.state)).toEqual(['requested', 'open']);
  expect(events[0]).toMatchObject({ operator: operatorId, event: { v: 1, at: '2026-11-21T12:00:00.000Z' } });
});

test("a failure stops that tunnel's changes there, and not another's", async () => {
  const { ports, events, lines } = connect();
  const { publish } = ports.operatorMessages;
  ports.operatorMessages.publish = (to, event) =>
    event.type === 'tunnel' && event.tunnel.id === a ? Promise.reject(new Error('throttled')) : publish(to, event);
  const Records = [
    record('1', a, undefined, image(a, 'requested')),
    record('2', b, undefined, image(b, 'requested')),
    record('3', a, image(a, 'requested'), image(a, 'closed')),
  ];
  expect(await respond(ports, { Records })).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  expect(events.map(({ event }) => event.type === 'tunnel' && event.tunnel.id)).toEqual([b]);
  expect(lines).toMatchObject([{ level: 'error', event: 'request.failed' }]);
});
