import { performance } from 'node:perf_hooks';
import type { TLSSocket } from 'node:tls';
import { systemClock } from '../../../local/iot/clock.ts';
import { allow, THING_NAME } from './fake-authorize.ts';
import { Harness, nextMessage } from './harness.ts';

const DEVICES = 50;

let harness: Harness;
afterEach(() => harness.close());

test('fifty devices connect at once, say hello and are each sent a command that they acknowledge', async () => {
  const hellos: unknown[] = [];
  let heardAll = () => {};
  const all = new Promise<void>((resolve) => {
    heardAll = resolve;
  });
  harness = await Harness.start({
    clock: systemClock,
    invoke: (_, event) => {
      hellos.push(event);
      if (hellos.length === DEVICES) heardAll();
    },
  });
  const sql = "SELECT *, topic(2) AS device, clientid() AS client FROM 'devices/+/events'";
  harness.iot.addRule({ name: 'events', sql, targets: [{ action: 'LambdaAction', resource: 'events' }] });
  const policy = allow({
    'iot:Connect': [`client/${THING_NAME}`],
    'iot:Publish': [`topic/$aws/rules/events/devices/${THING_NAME}/events`],
    'iot:Receive': [`topic/devices/${THING_NAME}/commands`],
  });
  const names = Array.from({ length: DEVICES }, (_, index) => `pump-${index}`);
  const devices = await Promise.all(names.map((name) => harness.device(name, { policies: [policy] })));
  await Promise.all(
    devices.map(async (device, index) => {
      const client = await harness.connect(device, { protocolVersion: index % 2 === 0 ? 5 : 4 });
      await client.publishAsync(`$aws/rules/events/devices/${device.name}/events`, '{"hello":1}', { qos: 1 });
    }),
  );
  await all;
  expect(new Set(hellos.map((event) => JSON.stringify(event))).size).toBe(DEVICES);
  expect(hellos).toContainEqual({ hello: 1, device: 'pump-7', client: 'pump-7' });

  const started = performance.now();
  const answers = await Promise.all(
    names.map((clientId) =>
      harness.iot.sendDirectMessage({ clientId, topic: `devices/${clientId}/commands`, confirmation: true }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  // Far from Nagle's 40 ms for each: they go out together. Generous for a busy machine.
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('an answer to a message does not wait for a delayed ACK', async () => {
  harness = await Harness.start({ clock: systemClock });
  const [asking, answering] = [await harness.device('asking'), await harness.device('answering')];
  const clients = [await harness.connect(asking), await harness.connect(answering)] as const;
  // MQTT.js leaves Nagle's algorithm on; what is measured here is the broker's side.
  for (const client of clients) (client.stream as TLSSocket).setNoDelay(true);
  const [asker, answerer] = clients;
  await asker.subscribeAsync('answers', { qos: 1 });
  await answerer.subscribeAsync('questions', { qos: 1 });
  answerer.on('message', () => answerer.publish('answers', 'a', { qos: 1 }));
  const times: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    const started = performance.now();
    const answer = nextMessage(asker);
    asker.publish('questions', 'q', { qos: 1 });
    await answer;
    times.push(performance.now() - started);
  }
  // The first rounds say nothing: a young TCP connection acknowledges at once. Later each would take 40 ms.
  expect(Math.min(...times.slice(-15))).toBeLessThan(20);
});
