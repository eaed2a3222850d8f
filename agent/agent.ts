import { SallyportError } from '../core/errors.ts';
import { harmless } from '../core/model/text.ts';
import { basicIngest, rules, topics } from '../core/names.ts';
import { type Command, commandSchema } from '../core/wire/command.ts';
import type { DeviceEvent } from '../core/wire/device-event.ts';
import { parse, parseJson } from '../core/wire/parse.ts';
import { BackOff } from './back-off.ts';
import { createChannels } from './channels.ts';
import type { ConnectCloud } from './cloud.ts';
import type { AgentConfig } from './config.ts';
import { Greeting } from './greeting.ts';
import { createRelayKeeper } from './relay-keeper.ts';
import type { DialRelay, SessionKey } from './relay-link.ts';
import { type Wanted, WantedTunnels } from './wanted.ts';

const version = '0.1.0';
const tidyMilliseconds = 1_000;
const maxCommandBytes = 16_384;

/** The agent: hears commands over MQTT, keeps the tunnels they ask for, says what became of them. */
export const startAgent = (parts: {
  readonly config: AgentConfig;
  /** The device's SSH host public keys, `<type> <base-64>`. */
  readonly hostKeys: readonly string[];
  readonly connectCloud: ConnectCloud;
  readonly dial: DialRelay;
  readonly makeKey: () => SessionKey;
  readonly log: (event: string, fields?: Record<string, string | number>) => void;
}) => {
  const { config, log } = parts;
  const stopping = new AbortController();
  const wanted = new WantedTunnels();
  const events = basicIngest(rules.deviceEvents, topics.events(config.device));
  const say = (event: DeviceEvent): Promise<void> => cloud.publish(events, JSON.stringify(event));
  const sayLater = (event: DeviceEvent): void => {
    say(event).catch(() => log('event.unsent', { type: event.type }));
  };

  const greeting = new Greeting({
    makeKey: parts.makeKey,
    random: Math.random,
    log,
    sayHello: (key) =>
      say({
        v: 1,
        type: 'hello',
        key: key.publicKey,
        stock: false,
        services: config.services.map(({ name, scheme, port }) => ({ name, scheme, port })),
        agent: version,
        hostKeys: [...parts.hostKeys],
      }),
  });

  const keeper = createRelayKeeper({
    device: config.device,
    wanted,
    greeting,
    backOff: new BackOff(Math.random),
    dial: parts.dial,
    hooks: { onChannel: createChannels(wanted, config.limits) },
    signal: stopping.signal,
    log,
    onOpened: (one, serverId) => sayLater({ v: 1, type: 'opened', tunnel: one.tunnel, serverId }),
    onFailed: (one, code, detail) => {
      drop(one, code);
      sayLater({ v: 1, type: 'failed', tunnel: one.tunnel, code, detail });
    },
  });

  const drop = (one: Wanted, reason: string): void => {
    wanted.drop(one.tunnel, reason);
    void keeper.release(one);
  };

  const open = (command: Extract<Command, { type: 'open' }>): void => {
    const { tunnel } = command;
    const known = wanted.get(tunnel);
    // Asked twice: the answer may have been lost, the tunnel was not.
    if (known?.serverId !== undefined) return sayLater({ v: 1, type: 'opened', tunnel, serverId: known.serverId });
    if (known !== undefined) return;
    const service = config.services.find(({ name }) => name === command.service);
    if (service === undefined)
      return sayLater({ v: 1, type: 'failed', tunnel, code: 'unknown_service', detail: "not in the agent's config" });
    if (wanted.size >= config.limits.forwards)
      return sayLater({ v: 1, type: 'failed', tunnel, code: 'quota_exceeded', detail: "the agent's limit of tunnels" });
    const endsAt = performance.now() + command.seconds * 1_000;
    const one: Wanted = { tunnel, service, endsAt, streams: new Set(), bytes: 0, serverId: undefined };
    wanted.add(one);
    keeper.keep(one);
  };

  const obey = (command: Command): void => {
    switch (command.type) {
      case 'open':
        return open(command);
      case 'welcome':
        return greeting.welcome(command);
      case 'close': {
        const one = wanted.get(command.tunnel);
        return one === undefined ? undefined : drop(one, command.reason);
      }
    }
  };

  const onMessage = (topic: string, payload: Uint8Array): void => {
    if (topic !== topics.commands(config.device)) return;
    try {
      if (payload.length > maxCommandBytes) throw new SallyportError('too_large');
      obey(parse(commandSchema, parseJson(Buffer.from(payload).toString('utf8'))));
    } catch (error) {
      log('command.refused', {
        why: harmless(error instanceof SallyportError ? `${error.code} ${error.pointer ?? ''}` : error),
      });
    }
  };

  const cloud = parts.connectCloud({
    onConnected: () => {
      log('cloud.connected');
      greeting.begin();
    },
    onDisconnected: (why) => {
      log('cloud.disconnected', { why });
      greeting.pause();
    },
    onMessage,
  });

  const tidy = setInterval(() => {
    for (const one of wanted.ended(performance.now())) drop(one, 'expired');
  }, tidyMilliseconds);
  const rotation = setInterval(() => greeting.rotate(), config.keyHours * 3_600_000);

  return {
    /** Says of each tunnel that the device ends it, lets go of the relay, then of the cloud. */
    async stop(): Promise<void> {
      clearInterval(tidy);
      clearInterval(rotation);
      const open = [...wanted];
      await Promise.allSettled(
        open.map(({ tunnel }) => say({ v: 1, type: 'closed', tunnel, detail: 'the agent stops' })),
      );
      for (const one of open) wanted.drop(one.tunnel, 'device');
      stopping.abort(new Error('the agent stops'));
      greeting.stop();
      keeper.stop();
      await cloud.stop();
    },
  };
};
