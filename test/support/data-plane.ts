import { randomBytes } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { createLinkTokens } from '../../adapters/jwt/link-tokens.ts';
import { createMemoryAudit } from '../../adapters/memory/audit.ts';
import { createMemoryChanges } from '../../adapters/memory/changes.ts';
import { createMemoryDevices } from '../../adapters/memory/devices.ts';
import { createMemoryGrants } from '../../adapters/memory/grants.ts';
import { createMemoryOnce } from '../../adapters/memory/once.ts';
import { createMemoryOperatorKeys } from '../../adapters/memory/operator-keys.ts';
import { createMemoryPortClaims } from '../../adapters/memory/port-claims.ts';
import { createMemoryRelays } from '../../adapters/memory/relays.ts';
import { createMemoryTunnels } from '../../adapters/memory/tunnels.ts';
import { generateEcdsaP256, generateEd25519, generateRsa, type KeyPair } from '../../adapters/ssh/keys.ts';
import { parsePublicKeyLine } from '../../adapters/ssh/public-key.ts';
import { SallyportError } from '../../core/errors.ts';
import { createEventHub } from '../../core/events.ts';
import { newServerId, newTunnelId, operatorIdOf } from '../../core/model/ids.ts';
import type { Tunnel } from '../../core/model/tunnel.ts';
import type { JumpOpener } from '../../core/ports/jump-opener.ts';
import type { Once } from '../../core/ports/once.ts';
import type { Tokens } from '../../core/ports/tokens.ts';
import { systemTimers } from '../../net/timer-wheel.ts';
import { createLedger } from '../../relay/ledger.ts';
import { type RelayParts, startRelay } from '../../relay/relay.ts';
import { deviceServer } from '../../relay/wiring.ts';
import { startRouter } from '../../router/router.ts';
import { jumpServer } from '../../router/wiring.ts';

const random = { bytes: (count: number) => randomBytes(count) };
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
export const domain = 'sallyport.localhost';
export const operator = operatorIdOf('https://issuer.example', 'ada');

const localhost = { host: '127.0.0.1', port: 0 };

/** Relays and a router of the real product over tables in memory: everything but the control plane. */
export const startDataPlane = async (
  given: {
    /** Asked at each new connection; fixed ones of its own unless given. */
    readonly relayKeys?: () => readonly KeyPair[];
    readonly routerKeys?: () => readonly KeyPair[];
    readonly nextRouterKeys?: () => readonly KeyPair[];
  } = {},
) => {
  const audit = createMemoryAudit();
  const ports = {
    tunnels: createMemoryTunnels(),
    claims: createMemoryPortClaims(),
    devices: createMemoryDevices(),
    relays: createMemoryRelays(),
    grants: createMemoryGrants(),
    operatorKeys: createMemoryOperatorKeys(),
    once: createMemoryOnce(),
    changes: createMemoryChanges(),
  };
  const lines: { event: string; fields: Record<string, unknown> }[] = [];
  const log = {
    write: ({ event, fields }: { event: string; fields: Record<string, unknown> }) =>
      void lines.push({ event, fields }),
  };
  const metrics = { count: () => undefined, gauge: () => undefined, observe: () => undefined };
  const hubOf = (process: string) => createEventHub({ process, log, metrics, audit, clock });
  const hostKeys: readonly KeyPair[] = [generateEd25519(), generateEcdsaP256(), await generateRsa(2048)];
  const linkKey = generateEd25519();
  const linkKeys = {
    keys: [{ type: 'ssh-ed25519', private: linkKey.pem(), public: linkKey.publicLine() }],
  };
  const links = createLinkTokens({ keys: () => linkKeys, now: clock.now });
  const stops: (() => Promise<void>)[] = [];

  return {
    ...ports,
    audit,
    lines,
    /** As the function signs them. */
    links,
    pins: hostKeys.map((key) => key.publicLine()),
    async relay(
      limits: Partial<{
        sessions: number;
        forwardsPerSession: number;
        streamsPerForward: number;
        streams: number;
      }> = {},
      own: { readonly lingerMilliseconds?: number; readonly paces?: RelayParts['paces'] } = {},
    ) {
      const serverId = newServerId(random);
      const hub = hubOf('relay');
      const config = {
        tables: { devices: '', tunnels: '', portClaims: '', relays: '', changes: '', audit: '' },
        hostKeysSecret: '',
        listen: localhost,
        wrappedListen: localhost,
        doorListen: localhost,
        advertise: '127.0.0.1',
        proxyProtocol: false,
        version: 'test',
        limits: { sessions: 100, forwardsPerSession: 10, streamsPerForward: 16, streams: 100, ...limits },
        drainMilliseconds: 500,
        adminListen: undefined,
        lingerMilliseconds: own.lingerMilliseconds ?? 0,
      };
      const relay = await startRelay({
        ...ports,
        ...(own.paces === undefined ? {} : { paces: own.paces }),
        config,
        serverId,
        ledger: createLedger({ ...ports, clock, random }, { serverId, worker: 0 }),
        clock,
        timers: systemTimers,
        hub,
        listenForDevices: deviceServer({
          ...{ config, serverId, timers: systemTimers, hub },
          hostKeys: given.relayKeys ?? (() => hostKeys),
        }),
      });
      stops.push(() => relay.stop());
      return relay;
    },
    async router(
      own: {
        readonly maxStreamsPerOperator?: number;
        readonly opener?: JumpOpener;
        readonly tokens?: Tokens;
        readonly once?: Pick<Once, 'claim'>;
        readonly relayBackend?: { readonly host: string; readonly port: number };
        readonly certificate?: { readonly cert: string; readonly key: string } | (() => SecureContext | undefined);
      } = {},
    ) {
      const opener = own.opener ?? { open: async () => ({ ok: false as const, code: 'not_found' }) };
      const hub = hubOf('router');
      const { certificate } = own;
      const fixed = typeof certificate === 'object' ? createSecureContext(certificate) : undefined;
      const router = await startRouter({
        ...ports,
        once: own.once ?? ports.once,
        links,
        config: {
          tables: {
            devices: '',
            tunnels: '',
            portClaims: '',
            relays: '',
            grants: '',
            operatorKeys: '',
            once: '',
            changes: '',
            audit: '',
          },
          domain,
          listen: localhost,
          hostKeysSecret: '',
          certificateSecret: undefined,
          linkKeySecret: undefined,
          relayBackend: own.relayBackend,
          openForJump: '',
          token: { issuer: '', audience: '', jwks: '' },
          signInMilliseconds: 3_600_000,
          proxyProtocol: false,
          maxConnections: 100,
          maxStreamsPerOperator: own.maxStreamsPerOperator ?? 50,
          drainMilliseconds: 500,
          adminListen: undefined,
        },
        router: newServerId(random),
        opener,
        tokens: own.tokens ?? { verify: () => Promise.reject(new SallyportError('unauthenticated')) },
        clock,
        timers: systemTimers,
        hub,
        certificate: typeof certificate === 'function' ? certificate : () => fixed,
        createJumpServer: jumpServer({
          ...{ router: 'rtest', timers: systemTimers, hub },
          hostKeys: given.routerKeys ?? (() => hostKeys),
          nextHostKeys: given.nextRouterKeys ?? (() => []),
        }),
      });
      stops.push(() => router.stop());
      return router;
    },
    /** A device whose stock SSH client has that key. */
    async device(id: string, publicKey: string) {
      const parsed = parsePublicKeyLine(publicKey);
      if (!parsed.ok) throw new Error(parsed.why);
      const line = `${parsed.key.type} ${parsed.key.base64}`;
      await ports.devices.change(id, {
        stockKeys: [{ fingerprint: parsed.key.fingerprint, publicKey: line, addedAt: clock.now() }],
      });
      return parsed.key.fingerprint;
    },
    /** The operator's key, signed in, with a grant to every device. */
    async operatorKey(publicKey: string) {
      const parsed = parsePublicKeyLine(publicKey);
      if (!parsed.ok) throw new Error(parsed.why);
      const { fingerprint } = parsed.key;
      await ports.operatorKeys.add({ fingerprint, publicKey, operator, name: 'test', addedAt: clock.now() });
      await ports.operatorKeys.noteSignIn({ id: operator, groups: ['support'], at: clock.now() });
      return fingerprint;
    },
    async grant(services: readonly string[] = ['*'], devices = '*') {
      const grant = {
        id: newTunnelId(random),
        principal: 'group:support',
        devices,
        attributes: {},
        services,
        logins: [],
      };
      const rest = { maxSeconds: 3_600, plainTcp: false, everyone: false, createdAt: clock.now(), createdBy: operator };
      await ports.grants.put({ ...grant, ...rest });
      return grant;
    },
    async tunnel(device: string, changes: Partial<Tunnel> = {}): Promise<Tunnel> {
      const now = clock.now();
      const tunnel: Tunnel = {
        id: newTunnelId(random),
        device,
        service: 'ssh',
        scheme: 'ssh',
        operator,
        origin: 'api',
        state: 'requested',
        createdAt: now,
        endsAt: now + 600_000,
        idleSeconds: 0,
        allow: [],
        plainTcp: false,
        epoch: 0,
        ...changes,
      };
      await ports.tunnels.create(tunnel);
      return tunnel;
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
};
export type DataPlane = Awaited<ReturnType<typeof startDataPlane>>;
