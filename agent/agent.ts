import { SallyportError } from '../core/errors.ts';
import { basicIngest, rules, topics } from '../core/names.ts';
import { type Command, commandSchema } from '../core/wire/command.ts';
import type { DeviceEvent } from '../core/wire/device-event.ts';
import { parse, parseJson } from '../core/wire/parse.ts';
import { BackOff } from './back-off.ts';
import { Channels } from './channels.ts';
import type { ConnectCloud } from './cloud.ts';
import type { AgentConfig } from './config.ts';
import { type Agreement, Greeting } from './greeting.ts';
import { type AgentLog, textOf } from './log.ts';
import { Outbox } from './outbox.ts';
import type { Pace } from './pace.ts';
import { RelayDialer } from './relay-dialer.ts';
import { RelayKeeper } from './relay-keeper.ts';
import type { DialRelay, SessionKey } from './relay-link.ts';
import { agentVersion } from './version.ts';
import { carried, isIdle, type Wanted, WantedTunnels } from './wanted.ts';

const tidyMilliseconds = 1_000;
/** The relay ends a tunnel on time and with the right word. The device's own end is for a relay that does not. */
const graceMilliseconds = 5_000;
const maxCommandBytes = 16_384;

export type AgentParts = {
  readonly config: AgentConfig;
  /** The device's SSH host public keys, `<type> <base-64>`. */
  readonly hostKeys: readonly string[];
  readonly connectCloud: ConnectCloud;
  readonly dial: DialRelay;
  readonly makeKey: () => SessionKey;
  readonly pace: Pace;
  readonly log: AgentLog;
  readonly onWelcome: (agreement: Agreement) => void;
};
export type Agent = { readonly stop: () => Promise<void> };

/** The agent: hears commands over MQTT, keeps the tunnels they ask for, says what became of them. */
export const startAgent = (parts: AgentParts): Agent => {
  const { config, log, pace } = parts;
  const { clock, timers } = pace;
  const stopping = new AbortController();
  const { signal } = stopping;
  const wanted = new WantedTunnels(clock.monotonic);
  const events = basicIngest(rules.deviceEvents, topics.events(config.device));
  const publish = (event: DeviceEvent): Promise<void> => cloud.publish(events, JSON.stringify(event));
  const outbox = new Outbox({ publish, timers, log });
  const greeting = new Greeting({ ...parts, sayHello: (key) => publish(helloOf(parts, key)) });
  const dialer = new RelayDialer({
    ...{ device: config.device, greeting, backOff: new BackOff(pace.random), dial: parts.dial, pace, signal, log },
    isWanted: () => wanted.size > 0,
  });
  const keeper = new RelayKeeper({
    ...{ wanted, dialer, pace, signal, log },
    onChannel: new Channels(wanted, { limits: config.limits, log }).take,
    onOpened: (one, serverId) => {
      wanted.use(one);
      outbox.say({ v: 1, type: 'opened', tunnel: one.tunnel, serverId });
    },
    onFailed: (one, code, detail) => {
      drop(one, code);
      fail(one.tunnel, code, detail);
    },
  });

  const fail = (tunnel: string, code: string, detail: string): void =>
    outbox.say({ v: 1, type: 'failed', tunnel, code, detail });

  const drop = (one: Wanted, reason: string): void => {
    log('info', 'tunnel.dropped', { tunnel: one.tunnel, reason, bytes: carried(one) });
    wanted.drop(one, reason);
    void keeper.release(one);
  };

  const open = (command: Extract<Command, { type: 'open' }>, known: Wanted | undefined): void => {
    const { tunnel } = command;
    const endsAt = clock.monotonic() + command.seconds * 1_000 + graceMilliseconds;
    greeting.redirect(command);
    if (known !== undefined) {
      // Asked twice: its end may have moved, or the answer was lost. The tunnel was not.
      known.endsAt = endsAt;
      if (known.serverId !== undefined) outbox.say({ v: 1, type: 'opened', tunnel, serverId: known.serverId });
      return;
    }
    const service = config.services.find(({ name }) => name === command.service);
    if (service === undefined) {
      fail(tunnel, 'unknown_service', 'not a service of this device');
    } else if (wanted.size >= config.limits.forwards) {
      fail(tunnel, 'quota_exceeded', "the device's limit of tunnels");
    } else {
      const idleMilliseconds = (command.idleSeconds ?? 0) * 1_000;
      keeper.keep(wanted.add(tunnel, { service, endsAt, idleMilliseconds }));
      tidyLater();
    }
  };

  const obey = (command: Command): void => {
    const known = command.type === 'welcome' ? undefined : wanted.get(command.tunnel);
    if (command.type === 'welcome') greeting.welcome(command);
    else if (command.type === 'open') open(command, known);
    else if (known !== undefined) drop(known, command.reason);
  };

  const onMessage = (topic: string, payload: Uint8Array): void => {
    if (signal.aborted || topic !== topics.commands(config.device)) return;
    try {
      if (payload.length > maxCommandBytes) throw new SallyportError('too_large');
      obey(parse(commandSchema, parseJson(Buffer.from(payload).toString('utf8'))));
    } catch (error) {
      const why = error instanceof SallyportError ? `${error.code} ${error.pointer ?? ''}` : textOf(error);
      log('warn', 'command.refused', { why });
    }
  };

  const cloud = parts.connectCloud({
    onConnected: () => {
      log('info', 'cloud.connected');
      greeting.connected();
      // What was said before may be lost, and the cloud joins nobody to a relay that the device has not confirmed.
      for (const { tunnel, serverId } of wanted)
        if (serverId !== undefined) outbox.say({ v: 1, type: 'opened', tunnel, serverId });
      outbox.connected();
    },
    onDisconnected: (why) => {
      log('warn', 'cloud.disconnected', { why });
      greeting.disconnected();
      outbox.disconnected();
    },
    onMessage,
  });

  const closed = (one: Wanted, detail: string) => ({ v: 1, type: 'closed', tunnel: one.tunnel, detail }) as const;

  /** Ends what is over: by the clock, which the cloud knows too, or by the device's own limit, which it is told. */
  const tidy = (): void => {
    const { bytesPerTunnel } = config.limits;
    for (const one of [...wanted]) {
      if (clock.monotonic() >= one.endsAt) drop(one, 'expired');
      else if (isIdle(one, graceMilliseconds, clock.monotonic())) drop(one, 'idle');
      else if (bytesPerTunnel > 0 && carried(one) >= bytesPerTunnel) {
        outbox.say(closed(one, 'the byte limit of the device'));
        drop(one, 'byte_limit');
      }
    }
    tidying = undefined;
    if (wanted.size > 0) tidyLater();
  };
  let tidying: { cancel(): void } | undefined;
  const tidyLater = (): void => {
    tidying ??= timers.schedule(tidyMilliseconds, tidy);
  };

  let rotation: { cancel(): void };
  const rotateLater = (): void => {
    rotation = timers.schedule(config.keyHours * 3_600_000, () => {
      // A session outlives its key in the cloud by one rotation, not by two: its streams would be cut.
      if (!keeper.holdsOtherKeyThan(greeting.offered)) greeting.rotate();
      // A hello all the same: relays' host keys change in the time in which every device has said one.
      else greeting.again();
      rotateLater();
    });
  };
  rotateLater();

  return {
    /** Says of each tunnel that the device ends it, then lets go of the relay, then of the cloud. Nothing new meanwhile. */
    async stop(): Promise<void> {
      stopping.abort(new Error('the agent stops'));
      tidying?.cancel();
      rotation.cancel();
      greeting.stop();
      outbox.disconnected();
      // First: when the forwards go, the cloud must know already that nobody will come back.
      await Promise.allSettled([...wanted].map((one) => publish(closed(one, 'the agent stops'))));
      for (const one of [...wanted]) wanted.drop(one, 'device');
      keeper.stop();
      await cloud.stop();
    },
  };
};

const helloOf = ({ config, hostKeys }: AgentParts, key: SessionKey): DeviceEvent => ({
  v: 1,
  type: 'hello',
  key: key.publicKey,
  stock: false,
  services: config.services.map(({ name, scheme, port }) => ({ name, scheme, port })),
  agent: agentVersion,
  hostKeys: [...hostKeys],
});
