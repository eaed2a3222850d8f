import { randomBytes } from 'node:crypto';
import type { EventHub } from '../core/events.ts';
import type { Change } from '../core/model/change.ts';
import type { Changes } from '../core/ports/changes.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Devices } from '../core/ports/devices.ts';
import type { Relays } from '../core/ports/relays.ts';
import type { Timers } from '../core/ports/timers.ts';
import type { Tunnels } from '../core/ports/tunnels.ts';
import { followChanges } from '../core/use-cases/follow-changes.ts';
import { createChangeHandler } from './change-handler.ts';
import type { RelayConfig } from './config.ts';
import { createDeviceLogin, type DeviceLogin } from './device-login.ts';
import { openDoor } from './door.ts';
import { createForwardClock } from './forward-clock.ts';
import { Forwards } from './forwards.ts';
import { keepLease } from './lease-keeper.ts';
import type { Ledger } from './ledger.ts';
import { keepPlacement } from './placement.ts';
import type { DeviceSession } from './session.ts';
import { createTunnelKeeper, type TunnelKeeper } from './tunnel-keeper.ts';

/** The SSH server that devices dial, as this process needs it; made by an adapter in `main.ts`. */
export type DeviceServer = {
  readonly port: number;
  /** Of those that a router unwrapped from TLS, where there is one. */
  readonly wrappedPort: number | undefined;
  stopAccepting(): void;
  close(): Promise<void>;
};

export type DeviceServerFactory = (hooks: {
  readonly login: DeviceLogin;
  readonly onSession: (session: DeviceSession) => void;
  readonly onSessionEnd: (session: DeviceSession) => void;
  /** False while it drains: who comes then is told to dial again, before it has said who it is. */
  readonly admits: () => boolean;
  /** Whether agents had better dial another relay: those that may still be sent on. */
  readonly sendsOn: () => boolean;
  readonly keeper: TunnelKeeper;
  readonly forwards: Forwards;
}) => Promise<DeviceServer>;

export type RelayParts = {
  readonly config: RelayConfig & { readonly advertise: string };
  readonly serverId: string;
  readonly ledger: Ledger;
  readonly tunnels: Tunnels;
  readonly devices: Devices;
  readonly relays: Relays;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hub: EventHub;
  readonly listenForDevices: DeviceServerFactory;
  /** Other paces than these: the lease and the look at the others each 5 s, a session settled after a minute. */
  readonly paces?: { readonly everyMilliseconds: number; readonly settledMilliseconds: number };
};

/**
 * Starts a relay. The order matters: the door must be open before the registry names it, and the registry must name it
 * before a device can land here, or a router would be sent to nobody.
 */
export const startRelay = async (parts: RelayParts) => {
  const { config, serverId, clock, hub } = parts;
  const forwards = new Forwards();
  const doorKey = randomBytes(32);
  let draining = false;

  const log = (what: string) => (error: unknown) =>
    hub.log('error', what, { error: error instanceof Error ? error.message : 'unknown' });
  const forwardClock = createForwardClock({
    forwards,
    clock,
    timers: parts.timers,
    onOverdue: (forward, reason) => void keeper.end(forward, reason).catch(log('end.failed')),
  });
  const keeper = createTunnelKeeper({
    ...parts,
    forwards,
    limits: config.limits,
    mayTake: () => !draining && !lease.fenced,
    watch: forwardClock.watch,
  });
  const door = await openDoor({
    ...config.doorListen,
    doorKey,
    forwards,
    limits: config.limits,
    clock,
    hub,
    onUse: forwardClock.used,
  });

  const load = () => ({ sessions: forwards.sessionCount, tunnels: forwards.size, channels: forwards.channels });
  await parts.relays.register({
    serverId,
    address: config.advertise,
    doors: [door.port],
    lease: 1,
    load: load(),
    version: config.version,
    startedAt: clock.now(),
    draining: false,
    doorKey: doorKey.toString('base64'),
  });

  /** Ends every session: what they held is let go of by `onSessionEnd`, one by one. */
  const endSessions = (message: string) => {
    for (const forward of [...forwards]) {
      keeper.letGo(forward, 'interrupted');
      forward.session.end(message);
    }
  };
  const lease = keepLease({
    serverId,
    relays: parts.relays,
    clock,
    hub,
    load,
    isDraining: () => draining,
    onFence: () => endSessions('this relay lost its lease; dial again'),
    ...(parts.paces === undefined ? {} : { everyMilliseconds: parts.paces.everyMilliseconds }),
  });

  const placement = keepPlacement({
    ...{ serverId, relays: parts.relays, forwards, clock, hub },
    ...parts.paces,
    isDraining: () => draining,
  });
  const server = await parts.listenForDevices({
    login: createDeviceLogin({ devices: parts.devices, hub }),
    admits: () => !draining,
    sendsOn: () => draining || placement.crowded,
    keeper,
    forwards,
    onSession: (session) => forwards.openSession(session),
    onSessionEnd: (session) => {
      for (const forward of forwards.closeSession(session)) void keeper.released(forward);
    },
  });

  const onChange: (change: Change) => void = createChangeHandler({ forwards, keeper, devices: parts.devices, hub });
  const feed = followChanges({ changes: parts.changes, clock, timers: parts.timers, hub, onChange });

  return {
    serverId,
    port: server.port,
    wrappedPort: server.wrappedPort,
    doorPort: door.port,
    forwards,
    /**
     * Nothing new first, in words and in the registry; then the streams have their time, and a balancer its time to
     * forget this process; then the sessions end, which clears each holder; the row goes last, for until then a router
     * may still ask here.
     */
    async stop(): Promise<void> {
      draining = true;
      const forgotten = after(config.lingerMilliseconds, () => server.stopAccepting());
      await lease.announce().catch(log('drain.unannounced'));
      await Promise.all([drained(forwards, config.drainMilliseconds), forgotten]);
      hub.metrics.count('streams_cut', forwards.channels);
      const released = [...forwards].map((forward) => keeper.released(forward));
      await Promise.all(released);
      await server.close();
      await door.close();
      feed.stop();
      await lease.stop();
      await placement.stop();
      await parts.relays.remove(serverId).catch(log('registry.unremoved'));
      await hub.stop();
    },
  };
};
export type RunningRelay = Awaited<ReturnType<typeof startRelay>>;

const after = (milliseconds: number, act: () => void): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      act();
      resolve();
    };
    if (milliseconds === 0) end();
    else setTimeout(end, milliseconds);
  });

/** Resolves when no stream is left, or after so many milliseconds. */
const drained = (forwards: Forwards, milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    const startedAt = performance.now();
    const timer = setInterval(() => {
      if (forwards.channels > 0 && performance.now() - startedAt < milliseconds) return;
      clearInterval(timer);
      resolve();
    }, 100);
  });
