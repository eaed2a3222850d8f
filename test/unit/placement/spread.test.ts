import { setTimeout as pause } from 'node:timers/promises';
import { BackOff } from '../../../agent/back-off.ts';
import { RelayDialer } from '../../../agent/relay-dialer.ts';
import { relayAccess } from '../../../agent/wiring.ts';
import { startBalancer } from '../../../local/balancer/balancer.ts';
import { systemTimers } from '../../../net/timer-wheel.ts';
import { startDataPlane } from '../../support/data-plane.ts';

// Real relays behind a balancer that hashes flows, and the agent's own dialling. Ticks of 5 s last 100 ms here, and a
// session has settled after 0: five minutes are 60 ticks.

const tick = { everyMilliseconds: 100, settledMilliseconds: 0 };
const ticksOfFiveMinutes = 60;
const devices = 120;

type Plane = Awaited<ReturnType<typeof startDataPlane>>;
type Relay = Awaited<ReturnType<Plane['relay']>>;

let plane: Plane;
const relays: Relay[] = [];
const stops: (() => unknown)[] = [];
const dials = new Map<string, number>();

const addRelay = async () => {
  relays.push(await plane.relay({ sessions: 1_000 }, { paces: tick }));
};
const loads = () => relays.map((relay) => relay.forwards.sessionCount);
const spread = () => {
  const mean = loads().reduce((sum, load) => sum + load, 0) / relays.length;
  return Math.max(...loads().map((load) => Math.abs(load - mean) / mean));
};

/** An agent that keeps one session, and dials again whenever it ends. */
const keepAgent = async (device: string, port: number): Promise<void> => {
  const access = relayAccess({ timers: systemTimers, channels: 1 });
  const key = access.makeKey();
  await plane.device(device, key.publicKey);
  const stop = new AbortController();
  stops.push(() => stop.abort());
  const dialer = new RelayDialer({
    ...{ device, signal: stop.signal, log: () => undefined, isWanted: () => true },
    dial: (target, hooks) => {
      dials.set(device, (dials.get(device) ?? 0) + 1);
      return access.dial(target, hooks);
    },
    backOff: new BackOff(Math.random),
    pace: { clock: { monotonic: () => performance.now() }, timers: systemTimers, random: Math.random },
    greeting: {
      agreed: async () => ({ key, relay: { host: '127.0.0.1', port }, pins: plane.pins, saidAt: performance.now() }),
      refused: () => undefined,
      renew: () => undefined,
    },
  });
  const keep = async (): Promise<void> => {
    await dialer.dial({
      onChannel: () => undefined,
      onClosed: () => {
        if (stop.signal.aborted) return;
        dialer.fell();
        keep().catch(() => undefined);
      },
    });
  };
  await keep();
};

beforeAll(async () => {
  plane = await startDataPlane();
  await addRelay();
  await addRelay();
  const balancer = await startBalancer({
    ...{ name: 'relays', host: '127.0.0.1', port: 0, proxyProtocol: false },
    targets: () => relays.map(({ port }) => ({ host: '127.0.0.1', port })),
  });
  stops.push(() => balancer.close());
  for (let first = 0; first < devices; first += 20)
    await Promise.all(
      Array.from({ length: Math.min(20, devices - first) }, (_, index) =>
        keepAgent(`pump-${first + index}`, balancer.port),
      ),
    );
}, 60_000);

afterAll(async () => {
  for (const stop of stops) await stop();
  await plane.stop();
});

/** Whether it became true within so many ticks. */
const within = async (ticks: number, isSo: () => boolean): Promise<boolean> => {
  for (let left = ticks; left > 0 && !isSo(); left -= 1) await pause(tick.everyMilliseconds);
  return isSo();
};
const sessions = () => loads().reduce((sum, load) => sum + load, 0);

test('after scale-out the sessions are within 25 % of each other in five minutes, and every device has one', async () => {
  expect(await within(ticksOfFiveMinutes, () => sessions() === devices)).toBe(true);
  await addRelay();
  expect(spread()).toBe(1);
  expect(await within(ticksOfFiveMinutes, () => spread() <= 0.25 && sessions() === devices)).toBe(true);
  // Sent on at most three times, then taken.
  expect(Math.max(...dials.values())).toBeLessThan(30);
}, 60_000);
