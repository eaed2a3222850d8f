import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../local/iot/clock.ts';
import { allow, THING_NAME } from './fake-authorize.ts';
import { Harness } from './harness.ts';

const DEVICES = 50;

test('fifty devices connect at once, say hello and are each sent a command that they acknowledge', async () => {
  const hellos: unknown[] = [];
  let heardAll = () => {};
  const all = new Promise<void>((resolve) => {
    heardAll = resolve;
  });
  const harness = await Harness.start({
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
  await harness.close();
});
