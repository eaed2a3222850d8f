import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../../local/iot/clock.ts';
import { allow, THING_NAME } from './fake-authorize.ts';
import { type Device, Harness, nextMessage } from './harness.ts';

const SCRIPT = fileURLToPath(new URL('device-sdk-client.ts', import.meta.url));

let harness: Harness;
const children: ChildProcess[] = [];

beforeEach(async () => {
  harness = await Harness.start({ clock: systemClock });
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    const exited = once(child, 'exit');
    child.stdin?.end();
    await exited;
  }
  await harness.close();
});

/** Starts the device; what it tells comes as events. */
function start(device: Device, clientId = device.name): EventEmitter {
  const settings = {
    port: harness.iot.port,
    clientId,
    certificate: device.certificate,
    privateKey: device.privateKey,
    authority: harness.authority.certificate,
    filter: `devices/${device.name}/#`,
    echo: `echo/${device.name}`,
  };
  const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const told = new EventEmitter();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, ...details } = JSON.parse(line);
    told.emit(event, details);
  });
  return told;
}

const POLICY = allow({
  'iot:Connect': [`client/${THING_NAME}`],
  'iot:Subscribe': [`topicfilter/devices/${THING_NAME}/*`],
  'iot:Receive': [`topic/devices/${THING_NAME}/*`, `topic/direct/${THING_NAME}`],
  'iot:Publish': [`topic/echo/${THING_NAME}`],
});

test("the device SDK's MQTT 5 client connects, subscribes, answers, takes direct messages and comes back", async () => {
  const watcher = await harness.connect(await harness.device('watcher'));
  await watcher.subscribeAsync('echo/#', { qos: 1 });
  const device = start(await harness.device('pump-7', { policies: [POLICY] }));

  const [[connected], [subscribed]] = await Promise.all([once(device, 'connected'), once(device, 'subscribed')]);
  expect(connected).toEqual({ sessionPresent: false, maximumQos: 1 });
  expect(subscribed).toEqual({ reasonCodes: [1] });

  const answer = nextMessage(watcher);
  const echoed = once(device, 'echoed');
  harness.iot.publish({ topic: 'devices/pump-7/commands', payload: Buffer.from('open'), qos: 1 });
  expect((await answer).text).toBe('echo open');
  expect((await echoed)[0]).toEqual({ reasonCode: 0 });

  const direct = once(device, 'message');
  const sent = await harness.iot.sendDirectMessage({
    clientId: 'pump-7',
    topic: 'direct/pump-7',
    payload: Buffer.from('now'),
    confirmation: true,
  });
  expect(sent.status).toBe(200);
  expect((await direct)[0]).toEqual({ topic: 'direct/pump-7', text: 'now' });

  // Its connection breaks; while it is away a message waits for it, and its session is there when it is back.
  const back = once(device, 'connected');
  const waited = once(device, 'message');
  harness.iot.dropConnection('pump-7');
  await once(device, 'disconnected');
  harness.iot.publish({ topic: 'devices/pump-7/commands', payload: Buffer.from('later'), qos: 1 });
  expect((await back)[0]).toMatchObject({ sessionPresent: true });
  expect((await waited)[0]).toMatchObject({ text: 'later' });

  const told = once(device, 'disconnected');
  harness.iot.deleteConnection('pump-7');
  expect((await told)[0]).toEqual({ reasonCode: 0x98 });
});

test('the device SDK is told that a foreign client id is not authorised', async () => {
  const device = start(await harness.device('pump-7', { policies: [POLICY] }), 'pump-8');
  expect((await once(device, 'refused'))[0]).toEqual({ reasonCode: 0x87 });
});
