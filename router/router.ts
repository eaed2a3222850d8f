import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { EventHub } from '../core/events.ts';
import type { Change } from '../core/model/change.ts';
import { principalsOf } from '../core/model/operator.ts';
import type { Changes } from '../core/ports/changes.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Devices } from '../core/ports/devices.ts';
import type { Grants } from '../core/ports/grants.ts';
import type { JumpOpener } from '../core/ports/jump-opener.ts';
import type { LinkTokens } from '../core/ports/link-tokens.ts';
import type { Once } from '../core/ports/once.ts';
import type { OperatorKeys } from '../core/ports/operator-keys.ts';
import type { PortClaims } from '../core/ports/port-claims.ts';
import type { Relays } from '../core/ports/relays.ts';
import type { Timers } from '../core/ports/timers.ts';
import type { Tokens } from '../core/ports/tokens.ts';
import type { Tunnels } from '../core/ports/tunnels.ts';
import { followChanges } from '../core/use-cases/follow-changes.ts';
import { listen } from '../net/listen.ts';
import { peekProtocol, readProxyHeader } from '../net/peek.ts';
import type { RouterConfig } from './config.ts';
import { createConnector } from './connector.ts';
import { createDecisions } from './decisions.ts';
import { createHttpEntrance } from './http.ts';
import { createVisits } from './http-visits.ts';
import { createJump, type Jump } from './jump.ts';
import { type Live, LiveStreams } from './live-streams.ts';
import { createOperatorLogin, type OperatorLogin } from './operator-login.ts';
import { createPlaces } from './places.ts';
import { createRelayBackend } from './relay-backend.ts';
import type { Visitor } from './visitor.ts';

/** The SSH server that operators jump through, made by an adapter in `main.ts`. */
export type JumpServer = {
  accept(socket: Socket, source: Visitor['source']): void;
  /** Ends the sessions of a key that was taken away. */
  endSessionsOf(fingerprint: string, message: string): void;
  close(): Promise<void>;
};

export type RouterParts = {
  readonly config: RouterConfig;
  readonly router: string;
  readonly devices: Devices;
  readonly tunnels: Tunnels;
  readonly claims: PortClaims;
  readonly relays: Relays;
  readonly grants: Grants;
  readonly operatorKeys: OperatorKeys;
  readonly changes: Changes;
  readonly opener: JumpOpener;
  readonly tokens: Tokens;
  readonly links: LinkTokens;
  readonly once: Pick<Once, 'claim'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hub: EventHub;
  /** Asked at each TLS handshake; connections that stand keep theirs. */
  readonly certificate: () => SecureContext | undefined;
  readonly createJumpServer: (hooks: { readonly login: OperatorLogin; readonly jump: Jump }) => Promise<JumpServer>;
};

/** A client that does not say what it speaks in this time is let go. */
const firstBytesMilliseconds = 10_000;

export const startRouter = async (parts: RouterParts) => {
  const { config, hub, clock } = parts;
  const places = createPlaces(parts);
  const decisions = createDecisions(parts);
  const live = new LiveStreams();
  const connector = createConnector({ ...parts, places, decisions });
  const login = createOperatorLogin({
    ...parts,
    keys: parts.operatorKeys,
    signInMilliseconds: config.signInMilliseconds,
  });
  const jump = createJump({ ...config, connector, login, live, hub });
  const jumpServer = await parts.createJumpServer({ login, jump });
  const sources = new WeakMap<Socket, Visitor['source']>();
  const sourceOf = (socket: Socket): Visitor['source'] => sources.get(socket) ?? { address: '0.0.0.0', port: 0 };
  const visits = createVisits({ ...parts, keys: parts.operatorKeys, signInMilliseconds: config.signInMilliseconds });
  const http = createHttpEntrance({ ...config, connector, tokens: parts.tokens, visits, live, hub, sourceOf });

  const backend = config.relayBackend === undefined ? undefined : createRelayBackend(config.relayBackend);

  const welcome = async (socket: Socket): Promise<void> => {
    let source: Visitor['source'] = { address: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 };
    if (config.proxyProtocol) {
      const read = await readProxyHeader(socket, { timeoutMilliseconds: firstBytesMilliseconds });
      if (read.outcome === 'refused') {
        socket.destroy();
        return;
      }
      const endpoints = read.header.endpoints;
      if (endpoints !== undefined) source = { address: endpoints.sourceAddress, port: endpoints.sourcePort };
    }
    sources.set(socket, source);
    const first = await peekProtocol(socket, { timeoutMilliseconds: firstBytesMilliseconds });
    // An SSH client may wait for the server to speak first (RFC 4253 4.2 lets both): silence is taken for one.
    const protocol = first.outcome === 'verdict' ? first.verdict : first.outcome === 'timeout' ? 'ssh' : 'unknown';
    const secureContext = protocol === 'tls' ? parts.certificate() : undefined;
    if (protocol === 'ssh') jumpServer.accept(socket, source);
    else if (secureContext !== undefined) secure(socket, secureContext, source);
    else if (protocol === 'http') redirect(socket);
    else socket.destroy();
  };

  const secure = (socket: Socket, context: SecureContext, source: Visitor['source']): void => {
    const tls = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
    } as never);
    const timer = setTimeout(() => tls.destroy(), firstBytesMilliseconds);
    tls.on('error', () => tls.destroy());
    tls.once('close', () => clearTimeout(timer));
    tls.once('secure', () => {
      clearTimeout(timer);
      if (backend !== undefined && tls.servername === `relay.${config.domain}`) {
        backend.join(tls, source);
        return;
      }
      sources.set(tls, source);
      http.accept(tls);
    });
  };

  const listener = await listen({
    ...config.listen,
    purpose: 'the router',
    maxConnections: config.maxConnections,
    onConnection: (socket) => {
      welcome(socket).catch(() => socket.destroy());
    },
  });

  const onChange = (change: Change): void => {
    if (change.kind === 'tunnel_closed' || change.kind === 'tunnel_changed') places.forgetTunnel(change.tunnel);
    if (change.kind !== 'watched') decisions.forgetAll();
    switch (change.kind) {
      case 'tunnel_closed':
        live.cut(change.reason, (stream) => stream.tunnel === change.tunnel);
        break;
      case 'device_frozen':
        live.cut('policy', (stream) => stream.device === change.device);
        break;
      case 'operator_key_removed':
        jumpServer.endSessionsOf(change.fingerprint, 'this key was removed');
        break;
      case 'grant_narrowed':
        recheck(change.principal).catch(() => live.cut('policy', () => true));
        break;
    }
  };

  /** Streams whose right may have come from that grant are decided anew; an unknown answer is a no. */
  const recheck = async (principal: string): Promise<void> => {
    const verdicts = new Map<string, Promise<boolean>>();
    const stillMay = async ({ operator, tunnel: id }: Live): Promise<boolean> => {
      const tunnel = await places.tunnel(id, { fresh: true });
      return tunnel !== undefined && (await decisions.decide(operator, tunnel)).ok;
    };
    for (const stream of live) {
      if (!principalsOf(stream.operator).includes(principal)) continue;
      const key = JSON.stringify([stream.operator, stream.tunnel]);
      const verdict = verdicts.get(key) ?? stillMay(stream).catch(() => false);
      verdicts.set(key, verdict);
      if (!(await verdict)) stream.destroy('policy');
    }
  };
  const feed = followChanges({ changes: parts.changes, clock, timers: parts.timers, hub, onChange });

  return {
    port: listener.port,
    live,
    /** Nothing new; streams have their time; then the rest is cut and the audit chain closed. */
    async stop(): Promise<void> {
      listener.stopAccepting();
      const until = clock.monotonic() + config.drainMilliseconds;
      while (live.size > 0 && clock.monotonic() < until)
        await new Promise<void>((resolve) => void parts.timers.schedule(100, resolve));
      hub.metrics.count('streams_cut', live.size);
      feed.stop();
      http.close();
      await jumpServer.close();
      await listener.close();
      await hub.stop();
    },
  };
};

/** A token must never cross the network in the clear: whoever comes without TLS is sent to it. */
const redirect = (socket: Socket): void => {
  const body = 'Use https.\n';
  socket.end(
    `HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nConnection: close, Upgrade\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
};
