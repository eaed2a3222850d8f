import { z } from 'zod';
import { addressSetting, readSettings } from '../core/env.ts';

const table = z.string().min(3).max(255);
const count = (value: number) => z.coerce.number().int().min(1).default(value);

const schema = z.object({
  SALLYPORT_TABLE_DEVICES: table,
  SALLYPORT_TABLE_TUNNELS: table,
  SALLYPORT_TABLE_PORT_CLAIMS: table,
  SALLYPORT_TABLE_RELAYS: table,
  SALLYPORT_TABLE_CHANGES: table,
  SALLYPORT_TABLE_AUDIT: table,
  SALLYPORT_HOST_KEYS_SECRET: z.string().min(1),
  /** Where devices arrive, `host:port`. */
  SALLYPORT_RELAY_LISTEN: addressSetting,
  /** Where devices arrive that a router of this machine unwrapped from TLS, always behind a PROXY header. Loopback. */
  SALLYPORT_WRAPPED_LISTEN: addressSetting.optional(),
  /** Where routers arrive. */
  SALLYPORT_DOOR_LISTEN: addressSetting,
  /** The address at which routers reach this process's door; the machine's own unless given. */
  SALLYPORT_ADVERTISE: z.string().min(1).max(253).optional(),
  /** `required` behind a load balancer: a connection without the header is dropped. */
  SALLYPORT_PROXY_PROTOCOL: z.enum(['required', 'off']).default('required'),
  SALLYPORT_VERSION: z.string().max(64).default('development'),
  SALLYPORT_MAX_SESSIONS: count(16_000),
  SALLYPORT_MAX_FORWARDS_PER_SESSION: count(100),
  SALLYPORT_MAX_STREAMS_PER_FORWARD: count(128),
  SALLYPORT_MAX_STREAMS: count(10_000),
  /** Seconds that streams have to end by themselves after SIGTERM. */
  SALLYPORT_DRAIN_SECONDS: z.coerce.number().int().min(0).max(3_600).default(30),
  /** Seconds that it goes on listening after SIGTERM, for a balancer that still sends: who comes is told to dial again. */
  SALLYPORT_LINGER_SECONDS: z.coerce.number().int().min(0).max(600).default(0),
  /** Where health and metrics are asked for, `host:port`; nowhere unless given. */
  SALLYPORT_ADMIN_LISTEN: addressSetting.optional(),
});

export const readRelayConfig = (environment: NodeJS.ProcessEnv) => {
  const settings = readSettings(schema, environment, { prefixes: ['SALLYPORT_'] });
  return {
    tables: {
      devices: settings.SALLYPORT_TABLE_DEVICES,
      tunnels: settings.SALLYPORT_TABLE_TUNNELS,
      portClaims: settings.SALLYPORT_TABLE_PORT_CLAIMS,
      relays: settings.SALLYPORT_TABLE_RELAYS,
      changes: settings.SALLYPORT_TABLE_CHANGES,
      audit: settings.SALLYPORT_TABLE_AUDIT,
    },
    hostKeysSecret: settings.SALLYPORT_HOST_KEYS_SECRET,
    listen: settings.SALLYPORT_RELAY_LISTEN,
    wrappedListen: settings.SALLYPORT_WRAPPED_LISTEN,
    doorListen: settings.SALLYPORT_DOOR_LISTEN,
    advertise: settings.SALLYPORT_ADVERTISE,
    proxyProtocol: settings.SALLYPORT_PROXY_PROTOCOL === 'required',
    version: settings.SALLYPORT_VERSION,
    limits: {
      sessions: settings.SALLYPORT_MAX_SESSIONS,
      forwardsPerSession: settings.SALLYPORT_MAX_FORWARDS_PER_SESSION,
      streamsPerForward: settings.SALLYPORT_MAX_STREAMS_PER_FORWARD,
      streams: settings.SALLYPORT_MAX_STREAMS,
    },
    drainMilliseconds: settings.SALLYPORT_DRAIN_SECONDS * 1_000,
    lingerMilliseconds: settings.SALLYPORT_LINGER_SECONDS * 1_000,
    adminListen: settings.SALLYPORT_ADMIN_LISTEN,
  };
};
export type RelayConfig = ReturnType<typeof readRelayConfig>;
export type RelayLimits = RelayConfig['limits'];
