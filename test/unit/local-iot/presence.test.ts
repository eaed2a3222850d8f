import { collect, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  // So that nobody is silent for too long when a test lets an hour pass.
  harness = await Harness.start({ quotas: { keepAliveSeconds: { least: 30, most: 65_535 } } });
});
afterEach(() => harness.close());

async function eventsOf(filter: string, count: number, during: () => Promise<void>) {
  const observer = await harness.connect(await harness.device('observer'));
  await observer.subscribeAsync(filter);
  const events = collect(observer, count);
  await during();
  return (await events).map(({ topic, text }) => ({ topic, event: JSON.parse(text) as Record<string, unknown> }));
}

const exclusive = { name: 'pump-7', attributes: {}, principalType: 'EXCLUSIVE_THING' } as const;

test('connecting and disconnecting are told in the shape of AWS, with one version number', async () => {
  const device = await harness.device('pump-7', { things: [exclusive] });
  const events = await eventsOf('$aws/events/presence/+/agent-7', 2, async () => {
    const client = await harness.connect(device, { clientId: 'agent-7' });
    await client.endAsync();
  });
  const common = {
    clientId: 'agent-7',
    thingName: 'pump-7',
    timestamp: harness.clock.now(),
    sessionIdentifier: expect.stringMatching(/^[0-9a-f-]{36}$/),
    principalIdentifier: device.certificateId,
    versionNumber: 0,
  };
  expect(events).toEqual([
    {
      topic: '$aws/events/presence/connected/agent-7',
      event: { ...common, eventType: 'connected', ipAddress: '127.0.0.1' },
    },
    {
      topic: '$aws/events/presence/disconnected/agent-7',
      event: {
        ...common,
        eventType: 'disconnected',
        clientInitiatedDisconnect: true,
        disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
      },
    },
  ]);
  expect(events[0]?.event.sessionIdentifier).toBe(events[1]?.event.sessionIdentifier);
});

test('a takeover is told with its reason, and version numbers order the events', async () => {
  const device = await harness.device('pump-7');
  const events = await eventsOf('$aws/events/presence/+/pump-7', 5, async () => {
    await harness.connect(device);
    await harness.connect(device);
    harness.iot.dropConnection('pump-7');
    await harness.connect(device);
  });
  const seen = events.map(({ event }) => [event.eventType, event.versionNumber, event.disconnectReason]);
  expect(seen.sort(([, a], [, b]) => Number(a) - Number(b))).toEqual([
    ['connected', 0, undefined],
    ['disconnected', 0, 'DUPLICATE_CLIENTID'],
    ['connected', 1, undefined],
    ['disconnected', 1, expect.stringMatching(/CONNECTION_LOST|DUPLICATE_CLIENTID/)],
    ['connected', 2, undefined],
  ]);
  expect(events[0]?.event).not.toHaveProperty('thingName');
});

test('version numbers begin anew after an hour away, and ids with wildcards have no events', async () => {
  const device = await harness.device('pump-7');
  const events = await eventsOf('$aws/events/presence/connected/#', 2, async () => {
    await (await harness.connect(device)).endAsync();
    harness.clock.advance(3_600_001);
    await (await harness.connect(device, { clientId: 'pump+7' })).endAsync();
    await harness.connect(device);
  });
  expect(events.map(({ event }) => [event.clientId, event.versionNumber])).toEqual([
    ['pump-7', 0],
    ['pump-7', 0],
  ]);
});
