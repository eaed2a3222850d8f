import { readFileSync } from 'node:fs';
import { type Agent, startAgent } from '../../../agent/agent.ts';
import type { CloudHooks } from '../../../agent/cloud.ts';
import { agentVersion } from '../../../agent/version.ts';
import { type Command, commandSchema } from '../../../core/wire/command.ts';
import { type DeviceEvent, deviceEventSchema } from '../../../core/wire/device-event.ts';
import { FakePace, settle } from './fake-pace.ts';
import { agentConfig, FakeRelays, Lines, makeKey, pins, relay, tunnelId } from './fakes.ts';

const config = (more: object = {}) =>
  agentConfig({
    device: 'pump-7',
    mqtt: { host: 'iot.example.com', certificate: 'c', key: 'k' },
    services: [{ name: 'ssh', scheme: 'ssh', port: 22 }],
    ...more,
  });

const commands = 'sallyport/v1/devices/pump-7/commands';

const setUp = (options: { readonly config?: object; readonly hostKeys?: readonly string[] } = {}) => {
  const pace = new FakePace();
  const lines = new Lines();
  const relays = new FakeRelays();
  const events: DeviceEvent[] = [];
  const topics = new Set<string>();
  let hooks: CloudHooks | undefined;
  let isConnected = false;
  let isStopped = false;
  const agent: Agent = startAgent({
    ...{ config: config(options.config), hostKeys: options.hostKeys ?? [], pace, log: lines.log, makeKey },
    dial: relays.dial,
    onWelcome: () => undefined,
    connectCloud: (given) => {
      hooks = given;
      return {
        publish: (topic, payload) => {
          if (!isConnected) return Promise.reject(new Error('not connected'));
          topics.add(topic);
          events.push(deviceEventSchema.parse(JSON.parse(payload)));
          return Promise.resolve();
        },
        stop: () => {
          isStopped = true;
          return Promise.resolve();
        },
      };
    },
  });

  const connect = () => {
    isConnected = true;
    hooks?.onConnected();
  };
  const disconnect = () => {
    isConnected = false;
    hooks?.onDisconnected('test');
  };
  const raw = (text: string | Uint8Array, topic = commands) =>
    hooks?.onMessage(topic, typeof text === 'string' ? Buffer.from(text) : text);
  const command = (given: Command) => raw(JSON.stringify(commandSchema.parse(given)));
  const open = (n: number, more: Partial<Extract<Command, { type: 'open' }>> = {}) =>
    command({ v: 1, type: 'open', tunnel: tunnelId(n), service: 'ssh', relay, pins, seconds: 3_600, ...more });
  /** What was said since the last call. */
  const heard = () => events.splice(0);
  const welcome = () => {
    const hello = events.filter((event) => event.type === 'hello').at(-1);
    const fingerprint = `SHA256:${hello?.key.split(' ')[1]}`;
    command({ v: 1, type: 'welcome', fingerprint, relay, pins });
  };
  /** Connected and welcomed. */
  const ready = async () => {
    connect();
    await settle();
    welcome();
    await settle();
    heard();
  };
  return {
    ...{ pace, lines, relays, topics, agent, connect, disconnect, raw, command, open, heard, welcome, ready },
    isStopped: () => isStopped,
  };
};

const opened = (n: number, serverId: string) => ({ v: 1, type: 'opened', tunnel: tunnelId(n), serverId });
const failed = (n: number, code: string) => expect.objectContaining({ type: 'failed', tunnel: tunnelId(n), code });

describe('saying hello', () => {
  test('names key, services without their addresses, version and host keys, by basic ingest', async () => {
    const { connect, heard, topics } = setUp({
      hostKeys: ['ssh-ed25519 HOST'],
      config: { services: [{ name: 'plc', scheme: 'tcp', host: '192.168.1.5', port: 502, lan: true }] },
    });
    connect();
    await settle();
    expect(heard()).toEqual([
      {
        ...{ v: 1, type: 'hello', stock: false, agent: agentVersion, hostKeys: ['ssh-ed25519 HOST'] },
        key: expect.stringMatching(/^ssh-ed25519 /),
        services: [{ name: 'plc', scheme: 'tcp', port: 502 }],
      },
    ]);
    expect([...topics]).toEqual(['$aws/rules/sallyport_device_events/sallyport/v1/devices/pump-7/events']);
  });

  test('the version is the one of package.json', () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(manifest).toMatchObject({ version: agentVersion });
  });

  test('does not dial before its key is acknowledged', async () => {
    const { connect, open, relays, welcome, heard } = setUp();
    connect();
    await settle();
    open(1);
    await settle();
    expect(relays.dials).toHaveLength(0);
    welcome();
    await settle();
    expect(relays.dials).toHaveLength(1);
    expect(heard()).toContainEqual(opened(1, relays.last.serverId));
  });

  test('a new key now and then, but none while a session stands on an older one', async () => {
    const { ready, pace, heard, open, welcome, relays } = setUp({ config: { keyHours: 0.1 } });
    const minutes = (count: number) => pace.advance(count * 60_000);
    await ready();
    open(1, { seconds: 86_400 });
    await settle();
    heard();
    await minutes(6);
    // Said again until it is answered.
    const [hello, ...more] = [...heard()];
    expect(more).toEqual([]);
    expect(hello).toMatchObject({ type: 'hello' });
    expect(hello).not.toMatchObject({ key: relays.last.target.key.publicKey });
    await minutes(0.2);
    welcome();
    const [again] = heard();
    expect(again).toEqual(hello);
    // It says hello all the same, with the key that is known, to hear of changed pins.
    await minutes(6);
    welcome();
    const same = heard();
    expect(same).not.toHaveLength(0);
    for (const one of same) expect(one).toEqual(hello);
    await minutes(5);
    expect(heard()).toEqual([]);
    relays.last.break();
    await minutes(1);
    expect(hello).toMatchObject({ key: relays.last.target.key.publicKey });
    heard();
    await minutes(6);
    expect(heard()).toContainEqual(expect.objectContaining({ type: 'hello' }));
  });
});

describe('commands', () => {
  test('open is one tunnel however often it is said, and its answer is said again', async () => {
    const { ready, open, heard, relays } = setUp();
    await ready();
    open(1);
    open(1);
    await settle();
    expect(heard()).toEqual([opened(1, relays.last.serverId)]);
    open(1);
    await settle();
    expect(heard()).toEqual([opened(1, relays.last.serverId)]);
    expect(relays.last.asked).toEqual([tunnelId(1)]);
  });

  test('open again moves the end', async () => {
    const { ready, open, pace, relays } = setUp();
    await ready();
    open(1, { seconds: 60 });
    await pace.advance(50_000);
    open(1, { seconds: 600 });
    await pace.advance(300_000);
    expect(relays.last.cancelled).toEqual([]);
    open(1, { seconds: 1 });
    await pace.advance(7_000);
    expect(relays.last.cancelled).toEqual([tunnelId(1)]);
  });

  test('what nobody uses is let go of after its idle limit, a little later than the relay does', async () => {
    const { ready, open, pace, relays } = setUp();
    await ready();
    open(1, { idleSeconds: 60 });
    open(2, { idleSeconds: 0 });
    await pace.advance(60_000);
    expect(relays.last.cancelled).toEqual([]);
    await pace.advance(7_000);
    expect(relays.last.cancelled).toEqual([tunnelId(1)]);
  });

  test('open carries where to dial, newer than the welcome', async () => {
    const { ready, open, relays } = setUp();
    await ready();
    open(1, { relay: { host: 'new.example.com', port: 22 }, pins: ['ssh-ed25519 NEW'] });
    await settle();
    expect(relays.last.target).toMatchObject({
      relay: { host: 'new.example.com', port: 22 },
      pins: ['ssh-ed25519 NEW'],
    });
  });

  test('a service that the config does not have is answered failed', async () => {
    const { ready, open, heard, relays } = setUp();
    await ready();
    open(1, { service: 'web' });
    await settle();
    expect(heard()).toEqual([failed(1, 'unknown_service')]);
    expect(relays.dials).toHaveLength(0);
  });

  test('a flood of tunnels meets the limit of the device, and each is answered', async () => {
    const { ready, open, heard, relays } = setUp({ config: { limits: { forwards: 3 } } });
    await ready();
    for (let n = 0; n < 100; n += 1) open(n);
    await settle();
    const said = heard();
    expect(said.filter(({ type }) => type === 'opened')).toHaveLength(3);
    expect(said.filter(({ type }) => type === 'failed')).toHaveLength(97);
    expect(said).toContainEqual(failed(99, 'quota_exceeded'));
    expect(relays.last.asked).toHaveLength(3);
  });

  test('close takes the forward back and says nothing, for the cloud knows', async () => {
    const { ready, open, command, heard, relays } = setUp();
    await ready();
    open(1);
    await settle();
    heard();
    command({ v: 1, type: 'close', tunnel: tunnelId(1), reason: 'operator' });
    command({ v: 1, type: 'close', tunnel: tunnelId(2), reason: 'operator' });
    await settle();
    expect(relays.last.cancelled).toEqual([tunnelId(1)]);
    expect(heard()).toEqual([]);
  });

  test.each([
    ['not JSON', 'not JSON', 'invalid_request '],
    ['another version', '{"v":2,"type":"close"}', 'invalid_request /v'],
    ['an unknown type', '{"v":1,"type":"reboot"}', 'invalid_request /type'],
    [
      'a field too many',
      `{"v":1,"type":"close","tunnel":"${tunnelId(1)}","reason":"operator","x":1}`,
      'invalid_request /x',
    ],
    ['no tunnel id', '{"v":1,"type":"close","tunnel":"../..","reason":"operator"}', 'invalid_request /tunnel'],
    [
      'a tunnel without end',
      JSON.stringify({ v: 1, type: 'open', tunnel: tunnelId(1), service: 'ssh', relay, pins, seconds: 1e9 }),
      'invalid_request /seconds',
    ],
    [
      'no pins',
      JSON.stringify({ v: 1, type: 'open', tunnel: tunnelId(1), service: 'ssh', relay, pins: [], seconds: 9 }),
      'invalid_request /pins',
    ],
    ['16 KB', `{"v":1,"x":"${'x'.repeat(16_384)}"}`, 'too_large '],
  ])('%s is ignored with one line', async (_what, text, why) => {
    const { ready, raw, lines, heard, relays } = setUp();
    await ready();
    raw(text);
    await settle();
    expect(lines.of('command.refused')).toEqual([{ why }]);
    expect(heard()).toEqual([]);
    expect(relays.dials).toHaveLength(0);
  });

  test('bytes that are no text, and another topic, do nothing', async () => {
    const { ready, raw, lines, relays } = setUp();
    await ready();
    raw(Buffer.from([0xff, 0xfe, 0x00]));
    raw(JSON.stringify({ v: 1, type: 'open' }), 'sallyport/v1/devices/pump-8/commands');
    await settle();
    expect(lines.of('command.refused')).toHaveLength(1);
    expect(relays.dials).toHaveLength(0);
  });
});

describe('a lost connection to the cloud', () => {
  test('leaves tunnels alone, and what stands is said again when it is back', async () => {
    const { ready, open, disconnect, connect, heard, relays, pace } = setUp();
    await ready();
    open(1);
    await settle();
    heard();
    disconnect();
    await pace.advance(60_000);
    expect(relays.last.isOpen).toBe(true);
    relays.last.break();
    await pace.advance(1_000);
    expect(heard()).toEqual([]);
    connect();
    await settle();
    const said = heard();
    expect(said.map(({ type }) => type)).toEqual(['hello', 'opened']);
    expect(said).toContainEqual(opened(1, relays.last.serverId));
  });
});

describe('ends', () => {
  test('a tunnel ends by the monotonic clock, five seconds after the relay should have ended it', async () => {
    const { ready, open, pace, relays, heard } = setUp();
    await ready();
    open(1, { seconds: 60 });
    await pace.advance(64_000);
    heard();
    expect(relays.last.cancelled).toEqual([]);
    await pace.advance(2_000);
    expect(relays.last.cancelled).toEqual([tunnelId(1)]);
    expect(heard()).toEqual([]);
  });

  test('the agent stops: closed is said of each tunnel before anything is let go, and nothing after', async () => {
    const { ready, open, agent, heard, relays, isStopped, pace, command } = setUp();
    await ready();
    open(1);
    open(2);
    await settle();
    heard();
    let saidBefore = 0;
    const { hooks } = relays.last;
    relays.last.hooks = {
      ...hooks,
      onClosed: (why) => {
        saidBefore = heard().length;
        hooks.onClosed(why);
      },
    };
    await agent.stop();
    expect(saidBefore).toBe(2);
    expect(isStopped()).toBe(true);
    expect(relays.last.isOpen).toBe(false);
    command({ v: 1, type: 'open', tunnel: tunnelId(3), service: 'ssh', relay, pins, seconds: 60 });
    await pace.advance(600_000);
    expect(heard()).toEqual([]);
    expect(relays.links).toHaveLength(1);
    expect(pace.waiting).toBe(0);
  });

  test('the agent stops also while the cloud is away', async () => {
    const { ready, open, agent, disconnect, isStopped } = setUp();
    await ready();
    open(1);
    await settle();
    disconnect();
    await agent.stop();
    expect(isStopped()).toBe(true);
  });
});
