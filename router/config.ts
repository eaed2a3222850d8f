import { z } from 'zod';
import { addressSetting, readSettings } from '../core/env.ts';

const table = z.string().min(3).max(255);
const count = (value: number) => z.coerce.number().int().min(1).default(value);

const schema = z.object({
  SALLYPORT_TABLE_DEVICES: table,
  SALLYPORT_TABLE_TUNNELS: table,
  SALLYPORT_TABLE_PORT_CLAIMS: table,
  SALLYPORT_TABLE_RELAYS: table,
  SALLYPORT_TABLE_GRANTS: table,
  SALLYPORT_TABLE_OPERATOR_KEYS: table,
  SALLYPORT_TABLE_ONCE: table,
  SALLYPORT_TABLE_CHANGES: table,
  SALLYPORT_TABLE_AUDIT: table,
  SALLYPORT_DOMAIN: z.string().min(1).max(200).toLowerCase(),
  /** One port for everything: the first bytes tell SSH, TLS and HTTP apart. */
  SALLYPORT_ROUTER_LISTEN: addressSetting,
  SALLYPORT_ROUTER_HOST_KEYS_SECRET: z.string().min(1),
  /** The wildcard certificate; without one HTTP is refused and SSH works. */
  SALLYPORT_CERTIFICATE_SECRET: z.string().min(1).optional(),
  /** What links and cookies are signed with; without one there are no links. */
  SALLYPORT_LINK_KEY_SECRET: z.string().min(1).optional(),
  /** Where SSH that came inside TLS for `relay.<domain>` is handed on, `host:port`: a relay's `SALLYPORT_WRAPPED_LISTEN`. */
  SALLYPORT_RELAY_BACKEND: addressSetting.optional(),
  SALLYPORT_OPEN_FOR_JUMP: z.string().min(1),
  SALLYPORT_TOKEN_ISSUER: z.url(),
  SALLYPORT_TOKEN_AUDIENCE: z.string().min(1),
  SALLYPORT_TOKEN_JWKS: z.url(),
  SALLYPORT_SIGN_IN_SECONDS: count(43_200),
  SALLYPORT_PROXY_PROTOCOL: z.enum(['required', 'off']).default('required'),
  SALLYPORT_MAX_CONNECTIONS: count(8_000),
  SALLYPORT_MAX_STREAMS_PER_OPERATOR: count(500),
  SALLYPORT_DRAIN_SECONDS: z.coerce.number().int().min(0).max(3_600).default(30),
  /** Where health and metrics are asked for, `host:port`; nowhere unless given. */
  SALLYPORT_ADMIN_LISTEN: addressSetting.optional(),
});

export const readRouterConfig = (environment: NodeJS.ProcessEnv) => {
  const settings = readSettings(schema, environment, { prefixes: ['SALLYPORT_'] });
  return {
    tables: {
      devices: settings.SALLYPORT_TABLE_DEVICES,
      tunnels: settings.SALLYPORT_TABLE_TUNNELS,
      portClaims: settings.SALLYPORT_TABLE_PORT_CLAIMS,
      relays: settings.SALLYPORT_TABLE_RELAYS,
      grants: settings.SALLYPORT_TABLE_GRANTS,
      operatorKeys: settings.SALLYPORT_TABLE_OPERATOR_KEYS,
      once: settings.SALLYPORT_TABLE_ONCE,
      changes: settings.SALLYPORT_TABLE_CHANGES,
      audit: settings.SALLYPORT_TABLE_AUDIT,
    },
    domain: settings.SALLYPORT_DOMAIN,
    listen: settings.SALLYPORT_ROUTER_LISTEN,
    hostKeysSecret: settings.SALLYPORT_ROUTER_HOST_KEYS_SECRET,
    certificateSecret: settings.SALLYPORT_CERTIFICATE_SECRET,
    linkKeySecret: settings.SALLYPORT_LINK_KEY_SECRET,
    relayBackend: settings.SALLYPORT_RELAY_BACKEND,
    openForJump: settings.SALLYPORT_OPEN_FOR_JUMP,
    token: {
      issuer: settings.SALLYPORT_TOKEN_ISSUER,
      audience: settings.SALLYPORT_TOKEN_AUDIENCE,
      jwks: settings.SALLYPORT_TOKEN_JWKS,
    },
    signInMilliseconds: settings.SALLYPORT_SIGN_IN_SECONDS * 1_000,
    proxyProtocol: settings.SALLYPORT_PROXY_PROTOCOL === 'required',
    maxConnections: settings.SALLYPORT_MAX_CONNECTIONS,
    maxStreamsPerOperator: settings.SALLYPORT_MAX_STREAMS_PER_OPERATOR,
    drainMilliseconds: settings.SALLYPORT_DRAIN_SECONDS * 1_000,
    adminListen: settings.SALLYPORT_ADMIN_LISTEN,
  };
};
export type RouterConfig = ReturnType<typeof readRouterConfig>;
