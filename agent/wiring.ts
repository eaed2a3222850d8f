import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { loadAwsCrt } from '../adapters/mqtt/aws-crt.ts';
import type { ConnectMqtt } from '../adapters/mqtt/connection.ts';
import { loadMqttjs } from '../adapters/mqtt/mqttjs.ts';
import { connectSsh, SshConnectError } from '../adapters/ssh/client.ts';
import { type ClientSession, type Forward, ForwardRefusedError } from '../adapters/ssh/client-session.ts';
import { generateEd25519, type KeyPair } from '../adapters/ssh/keys.ts';
import { WindowBudget } from '../adapters/ssh/receive-window.ts';
import { serverIdPattern } from '../core/model/ids.ts';
import { agentSoftware } from '../core/model/placement.ts';
import { topics } from '../core/names.ts';
import type { Timers } from '../core/ports/timers.ts';
import type { ConnectCloud } from './cloud.ts';
import type { AgentConfig } from './config.ts';
import type { AgentFiles } from './files.ts';
import { type AgentLog, textOf } from './log.ts';
import { keepLively } from './relay-keepalive.ts';
import {
  DialError,
  type DialFailure,
  type DialRelay,
  ForwardRefused,
  type Relay,
  type RelayLink,
  type SessionKey,
} from './relay-link.ts';
import { agentVersion } from './version.ts';

const socketMilliseconds = 10_000;
const loginMilliseconds = 10_000;
const forwardMilliseconds = 10_000;
/** A channel's first window, the largest it may grow to, and what all of them may grow by: a device has little memory. */
const window = { initial: 256 * 1024, maximum: 4 * 1024 * 1024, budget: 16 * 1024 * 1024 };

/** The device's MQTT connection by the client that the config names, or by the one that works here. */
export const cloudBy = async (config: AgentConfig, files: AgentFiles, log: AgentLog): Promise<ConnectCloud> => {
  const { mqtt, device, clientId = device } = config;
  const connectMqtt = await mqttClient(mqtt.client, log);
  return (hooks) =>
    connectMqtt(
      {
        ...{ host: mqtt.host, port: mqtt.port, clientId, keepAliveSeconds: mqtt.keepAliveSeconds },
        ...{ certificate: files.certificate, key: files.key, authority: files.authority },
        subscribe: mqtt.subscribe ? topics.commands(device) : undefined,
        onTrouble: (trouble, why) => log('warn', `cloud.${trouble}`, { why }),
      },
      hooks,
    );
};

const mqttClient = async (client: AgentConfig['mqtt']['client'], log: AgentLog): Promise<ConnectMqtt> => {
  if (client === 'mqttjs') return loadMqttjs();
  try {
    return await loadAwsCrt();
  } catch (error) {
    log('warn', 'mqtt.fallback', { client: 'mqttjs', why: textOf(error) });
    return loadMqttjs();
  }
};

/** Session keys, and relays dialled with them over SSH. */
export const relayAccess = (options: {
  readonly timers: Timers;
  readonly channels: number;
  /** Where relays take SSH inside TLS; without it SSH goes as it is to the relay's own port. */
  readonly tlsPort?: number | undefined;
  /** How names become addresses; the system's way unless given. */
  readonly lookup?: LookupFunction;
}): { readonly makeKey: () => SessionKey; readonly dial: DialRelay } => {
  const { timers } = options;
  const pairs = new WeakMap<SessionKey, KeyPair>();
  const budget = new WindowBudget(window.budget);

  const makeKey = (): SessionKey => {
    const pair = generateEd25519();
    const key = { fingerprint: pair.publicKey.fingerprint, publicKey: pair.publicLine() };
    pairs.set(key, pair);
    return key;
  };

  const dial: DialRelay = async ({ relay, pins, device, key, insists = false }, hooks) => {
    const pair = pairs.get(key);
    if (pair === undefined) throw new TypeError('not a key of this process');
    const socket = await (options.tlsPort === undefined
      ? dialSocket(relay)
      : dialTls({ ...relay, port: options.tlsPort }, options.lookup));
    const session = await connectSsh({
      ...{ socket, user: device, key: pair, timers },
      pins: pins.map(pinOf),
      software: agentSoftware(agentVersion, insists),
      timeoutMilliseconds: loginMilliseconds,
      keepaliveSeconds: 10,
      window: { ...window, budget },
      limits: { maximumChannels: options.channels + 16 },
      onForwarded: (incoming) => {
        lively.used();
        hooks.onChannel({
          tunnel: incoming.bindAddress,
          accept: () => incoming.accept(),
          refuse: (why) => incoming.refuse(why),
        });
      },
    }).catch((error: unknown) => Promise.reject(dialErrorOf(error)));
    const lively = keepLively(session, timers);
    void session.closed.then(({ reason, message }) =>
      hooks.onClosed(message === '' ? reason : `${reason}: ${message}`),
    );
    return linkOf(session);
  };

  return { makeKey, dial };
};

const linkOf = (session: ClientSession): RelayLink => {
  const { serverId } = session;
  if (serverId === undefined || !serverIdPattern.test(serverId)) {
    session.end('no relay');
    throw new DialError('unreachable', 'it has the host key of a relay and does not say which one it is');
  }
  const forwards = new Map<string, Forward>();
  return {
    serverId,
    async forward(tunnel) {
      try {
        forwards.set(tunnel, await session.forward(tunnel, { timeoutMilliseconds: forwardMilliseconds }));
      } catch (error) {
        throw error instanceof ForwardRefusedError ? new ForwardRefused(error.message, { cause: error }) : error;
      }
    },
    async cancel(tunnel) {
      const forward = forwards.get(tunnel);
      forwards.delete(tunnel);
      await forward?.cancel();
    },
    end: () => session.end('nothing to do'),
  };
};

/** The cloud names host keys as lines of `known_hosts` without the host; SSH compares the encoded key. */
const pinOf = (pin: string): string => pin.split(' ')[1] ?? pin;

const failures: Readonly<Record<string, DialFailure>> = {
  busy: 'busy',
  host_key_refused: 'unpinned',
  key_refused: 'rejected_key',
};

const dialErrorOf = (error: unknown): DialError => {
  if (!(error instanceof SshConnectError)) return new DialError('unreachable', textOf(error), { cause: error });
  const shown = error.fingerprint === undefined ? '' : `, host key ${error.fingerprint}`;
  const failure = failures[error.code] ?? 'unreachable';
  return new DialError(failure, `${error.message}${failure === 'unpinned' ? shown : ''}`, { cause: error });
};

const dialSocket = (relay: Relay): Promise<Duplex> => opened(connect({ ...relay, noDelay: true }), 'connect', relay);

/**
 * SSH inside TLS, for networks that let nothing else out. Whose certificate it is does not matter: a network that breaks
 * TLS open sees SSH, and inside it the relay's pinned host key alone counts.
 */
const dialTls = (relay: Relay, lookup: LookupFunction | undefined): Promise<Duplex> => {
  if (isIP(relay.host) !== 0)
    return Promise.reject(
      new DialError('unreachable', `${relay.host}: TLS needs a name, and the cloud gave an address`),
    );
  const socket = connect({ ...relay, noDelay: true, ...(lookup === undefined ? {} : { lookup }) });
  return opened(connectTls({ socket, servername: relay.host, rejectUnauthorized: false }), 'secureConnect', relay);
};

const opened = <T extends Socket>(socket: T, event: string, { host, port }: Relay): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), socketMilliseconds);
    const fail = (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(new DialError('unreachable', `${host}:${port}: ${cause.code ?? cause.message}`, { cause }));
    };
    socket.once('error', fail);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
