import * as z from 'zod';
import { portSetting, readSettings, SettingsError } from '../core/env.ts';
import { type TableNoun, tables, tableVariable } from '../core/names.ts';

const text = z.string().min(1);

/** Every setting of every function; each is given those it uses. */
const shape = {
  SALLYPORT_DOMAIN: text,
  SALLYPORT_ADMIN_GROUP: text.default('sallyport-admins'),
  SALLYPORT_RELAY_HOST: text,
  SALLYPORT_RELAY_PORT: portSetting,
  SALLYPORT_PINS_SECRET: text,
  SALLYPORT_HOST_KEYS_SECRET: text,
  SALLYPORT_ROUTER_HOST_KEYS_SECRET: text,
  SALLYPORT_LINK_KEY_SECRET: text,
  SALLYPORT_ANCHOR_KEY_SECRET: text,
  SALLYPORT_CERTIFICATE_SECRET: text,
  SALLYPORT_ACM_CERTIFICATE: text,
  SALLYPORT_ACME_DIRECTORY: z.url(),
  SALLYPORT_ACME_EMAIL: text,
  SALLYPORT_ZONE: text,
  SALLYPORT_DELIVERY: z.enum(['direct', 'publish']).default('direct'),
  SALLYPORT_TOKEN_ISSUER: text,
  SALLYPORT_TOKEN_AUDIENCE: text,
  SALLYPORT_TOKEN_JWKS: z.url(),
  /** The locked bucket of audit copies. */
  SALLYPORT_VAULT_URL: z.url(),
  /** The API behind IAM, and the routers' door: the canary's. */
  SALLYPORT_API_URL: z.url(),
  SALLYPORT_ROUTER_HOST: text,
  /** Whether routers have a certificate, for which it takes a domain. */
  SALLYPORT_HTTPS: z.enum(['on', 'off']).default('off'),
  SALLYPORT_SIGN_IN_SECONDS: z.coerce.number().int().min(60).max(604_800).default(43_200),
} as const;
type Shape = typeof shape;

const schema = z
  .object(shape)
  .partial({
    SALLYPORT_DOMAIN: true,
    SALLYPORT_RELAY_HOST: true,
    SALLYPORT_RELAY_PORT: true,
    SALLYPORT_PINS_SECRET: true,
    SALLYPORT_HOST_KEYS_SECRET: true,
    SALLYPORT_ROUTER_HOST_KEYS_SECRET: true,
    SALLYPORT_LINK_KEY_SECRET: true,
    SALLYPORT_ANCHOR_KEY_SECRET: true,
    SALLYPORT_CERTIFICATE_SECRET: true,
    SALLYPORT_ACM_CERTIFICATE: true,
    SALLYPORT_ACME_DIRECTORY: true,
    SALLYPORT_ACME_EMAIL: true,
    SALLYPORT_ZONE: true,
    SALLYPORT_VAULT_URL: true,
    SALLYPORT_API_URL: true,
    SALLYPORT_ROUTER_HOST: true,
    SALLYPORT_TOKEN_ISSUER: true,
    SALLYPORT_TOKEN_AUDIENCE: true,
    SALLYPORT_TOKEN_JWKS: true,
  })
  .extend(
    Object.fromEntries(
      (Object.keys(tables) as TableNoun[]).map((noun) => [tableVariable(noun), text.optional()] as const),
    ),
  );

/**
 * The settings of one function. What it uses and was not given is collected, and `complete` reports it all together;
 * until then a missing one reads as what its type begins with, and nothing may be done with it.
 */
export const openSettings = (environment: Readonly<Record<string, string | undefined>>) => {
  const given: Readonly<Record<string, unknown>> = readSettings(schema, environment, { prefixes: ['SALLYPORT_'] });
  const missing = new Set<string>();
  const need = (name: string): string => {
    const value = given[name];
    if (value === undefined) missing.add(`${name}: missing`);
    return String(value ?? '');
  };
  return {
    table: (noun: TableNoun): string => need(tableVariable(noun)),
    text: (name: keyof Shape): string => need(name),
    number: (name: keyof Shape): number => Number(need(name)),
    get delivery(): 'direct' | 'publish' {
      return given.SALLYPORT_DELIVERY === 'publish' ? 'publish' : 'direct';
    },
    get https(): boolean {
      return given.SALLYPORT_HTTPS === 'on';
    },
    complete(): void {
      if (missing.size > 0) throw new SettingsError([...missing]);
    },
  };
};
export type Settings = ReturnType<typeof openSettings>;
