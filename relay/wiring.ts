import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { KeyPair } from '../adapters/ssh/keys.ts';
import { noteSshEvent, type RefusedLogin } from '../adapters/ssh/note-event.ts';
import { WindowBudget } from '../adapters/ssh/receive-window.ts';
import { createSshServer, type SshServer } from '../adapters/ssh/server.ts';
import type { SshServerEvent } from '../adapters/ssh/server-options.ts';
import type { ServerSession } from '../adapters/ssh/server-session.ts';
import { ChannelOpenError } from '../adapters/ssh/session-end.ts';
import { SallyportError } from '../core/errors.ts';
import type { EventHub } from '../core/events.ts';
import { mayBeSentOn } from '../core/model/placement.ts';
import type { Timers } from '../core/ports/timers.ts';
import { listen } from '../net/listen.ts';
import { readProxyHeader } from '../net/peek.ts';
import { PerAddressLimit } from '../net/per-address-limit.ts';
import type { RelayConfig } from './config.ts';
import type { DeviceServerFactory } from './relay.ts';
import type { DeviceSession } from './session.ts';

/** Memory that devices may fill with what users have not read yet, in all. */
const windowBytes = 256 * 1024 * 1024;
const channelMilliseconds = 5_000;
const proxyHeaderMilliseconds = 5_000;
/**
 * Connections under authentication at once. A handshake costs about a millisecond of CPU, so 1,000 are a second's work;
 * one address may take half of it, for a carrier puts thousands of devices behind one.
 */
const handshakes = { total: 1_000, perAddress: 500 } as const;

/** The address of this host that is not loopback: in ECS with host networking, the instance's private one. */
export const ownAddress = (): string => {
  const found = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find((address) => address.family === 'IPv4' && !address.internal);
  if (found === undefined) throw new Error('this machine has no address of its own: set SALLYPORT_ADVERTISE');
  return found.address;
};

/** The SSH server of the adapter, as a relay uses it. */
export const deviceServer =
  (parts: {
    readonly config: RelayConfig;
    readonly serverId: string;
    /** Asked at each new connection. */
    readonly hostKeys: () => readonly KeyPair[];
    readonly nextHostKeys?: () => readonly KeyPair[];
    readonly timers: Timers;
    readonly hub: EventHub;
  }): DeviceServerFactory =>
  async ({ login, keeper, admits, sendsOn, onSession, onSessionEnd, forwards }) => {
    const { config, hub } = parts;

    const serve = (session: ServerSession): void => {
      const device = deviceSession(session);
      const recorded = login.accepted({ user: device.device, fingerprint: device.fingerprint, source: device.source });
      recorded.catch(() => session.end('the audit record of this session could not be written; dial again'));
      onSession(device);
      session.onForwardRequest(async (request) => {
        await recorded;
        return keeper.request(device, request, forwards.of(device).length);
      });
      session.onForwardCancel((request) => {
        const forward = forwards.get(request.bindAddress);
        if (forward?.session === device) void keeper.released(forward);
      });
      void session.closed.then(() => onSessionEnd(device));
    };

    const ssh = createSshServer({
      serverId: parts.serverId,
      hostKeys: parts.hostKeys,
      ...(parts.nextHostKeys === undefined ? {} : { nextHostKeys: parts.nextHostKeys }),
      turnAway: (software) => (mayBeSentOn(software) && sendsOn() ? 'this relay is busy; dial again' : undefined),
      authorize: async ({ user, key, from }) => {
        if (!admits() || ssh.sessions >= config.limits.sessions) throw new SallyportError('busy');
        return (await login.keyFor({ user, fingerprint: key.fingerprint, source: from.address })) !== undefined;
      },
      onSession: serve,
      onEvent: (event) => note(event, hub, login.refused),
      unauthenticated: new PerAddressLimit(handshakes),
      timers: parts.timers,
      windowBudget: new WindowBudget(windowBytes),
      limits: { maximumForwards: config.limits.forwardsPerSession },
    });

    const maxConnections = config.limits.sessions + handshakes.total;
    const arrivals = (where: ListenAddress & { readonly purpose: string; readonly proxied: boolean }) =>
      listen({
        ...{ host: where.host, port: where.port, purpose: where.purpose, maxConnections },
        onConnection: (socket) => {
          if (where.proxied) acceptProxied(ssh, socket);
          else ssh.accept(socket, { address: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 });
        },
      });
    const bare = await arrivals({ ...config.listen, purpose: 'the relay', proxied: config.proxyProtocol });
    const wrapped =
      config.wrappedListen === undefined
        ? undefined
        : await arrivals({ ...config.wrappedListen, purpose: 'the relay behind TLS', proxied: true });
    const listeners = wrapped === undefined ? [bare] : [bare, wrapped];

    return {
      port: bare.port,
      wrappedPort: wrapped?.port,
      stopAccepting() {
        for (const listener of listeners) listener.stopAccepting();
        ssh.stopAccepting();
      },
      async close() {
        await ssh.close('this relay stops; dial again');
        await Promise.all(listeners.map((listener) => listener.close()));
      },
    };
  };

type ListenAddress = RelayConfig['listen'];

const acceptProxied = (ssh: Pick<SshServer, 'accept'>, socket: Socket): void => {
  readProxyHeader(socket, { timeoutMilliseconds: proxyHeaderMilliseconds }).then(
    (read) => {
      // `local`: the balancer's own health check, which only wants to see that we answer.
      const endpoints = read.outcome === 'header' ? read.header.endpoints : undefined;
      if (endpoints === undefined) socket.destroy();
      else ssh.accept(socket, { address: endpoints.sourceAddress, port: endpoints.sourcePort });
    },
    () => socket.destroy(),
  );
};

const deviceSession = (session: ServerSession): DeviceSession => ({
  device: session.user,
  fingerprint: session.key.fingerprint,
  software: session.software,
  since: performance.now(),
  source: session.from.address,
  openForwarded: (wire): Promise<Duplex> =>
    session.openForwarded({ ...wire, timeoutMilliseconds: channelMilliseconds }).catch((cause: unknown) => {
      const late = cause instanceof ChannelOpenError && cause.code === 'timeout';
      throw new SallyportError(late ? 'timeout' : 'device_failed', { cause });
    }),
  setKeepalive: (seconds) => session.setKeepalive(seconds),
  end: (message) => session.end(message),
});

const note = (event: SshServerEvent, hub: EventHub, refused: (login: RefusedLogin) => void): void => {
  noteSshEvent(event, hub, refused);
  const source = event.from.address;
  if (event.kind === 'auth_attempt')
    hub.debug('ssh.auth', [event.user], {
      source,
      method: event.method,
      outcome: event.outcome,
      key: event.fingerprint,
      why: event.why,
    });
  if (event.kind === 'request_refused') {
    hub.metrics.count('requests_refused', 1);
    hub.refused({
      action: 'ssh_request',
      code: 'forbidden',
      device: event.user,
      way: 'relay',
      source,
      facts: { request: event.request, why: event.why },
    });
  }
  if (event.kind === 'closed')
    hub.log('info', 'ssh.closed', {
      source,
      user: event.user,
      reason: event.end.reason,
      why: event.end.message,
      software: event.software,
      seconds: Math.round(event.end.seconds),
    });
};
