import { randomBytes } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createDynamoAuditLog } from '../adapters/dynamodb/audit-log.ts';
import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { createDynamoChanges } from '../adapters/dynamodb/changes.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createDynamoDevices } from '../adapters/dynamodb/devices.ts';
import { createDynamoGrants } from '../adapters/dynamodb/grants.ts';
import { createDynamoOnce } from '../adapters/dynamodb/once.ts';
import { createDynamoOperatorKeys } from '../adapters/dynamodb/operator-keys.ts';
import { createDynamoPortClaims } from '../adapters/dynamodb/port-claims.ts';
import { createDynamoRelays } from '../adapters/dynamodb/relays.ts';
import { tunnelOfImage } from '../adapters/dynamodb/tunnel-stream.ts';
import { createDynamoTunnels } from '../adapters/dynamodb/tunnels.ts';
import { createIotClient } from '../adapters/iot/client.ts';
import { createDeviceMessages } from '../adapters/iot/device-messages.ts';
import { createOperatorMessages } from '../adapters/iot/operator-messages.ts';
import { createTokens } from '../adapters/jwt/tokens.ts';
import { createHostKeyStore, createPinStore } from '../adapters/secrets/host-key-store.ts';
import { createSecretPins } from '../adapters/secrets/secrets.ts';
import { makeHostKeyPairs } from '../adapters/ssh/host-key-pairs.ts';
import { createSshKeys } from '../adapters/ssh/ssh-keys.ts';
import { createLog } from '../adapters/stdout/log.ts';
import { createMetrics } from '../adapters/stdout/metrics.ts';
import { SallyportError } from '../core/errors.ts';
import { createEventHub } from '../core/events.ts';
import type { TableNoun } from '../core/names.ts';
import type { AuditLog } from '../core/ports/audit-log.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Random } from '../core/ports/random.ts';
import type { Timers } from '../core/ports/timers.ts';
import { createSignInNotes } from '../core/use-cases/note-sign-in.ts';
import { openSettings } from './settings.ts';

/** Made at the first call and kept for the process's life. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const random: Random = { bytes: (count) => randomBytes(count) };
/** Not the shared ones, which let a process end while it waits: a function's runtime would take that for a crash. */
const timers: Timers = {
  schedule(milliseconds, run) {
    const timeout = setTimeout(run, milliseconds);
    return { cancel: () => clearTimeout(timeout) };
  },
};

const settings = once(() => openSettings(process.env));
const dynamo = once(() => createDynamoClient());
const iot = once(() => createIotClient());
const secrets = once(() => new SecretsManagerClient({}));
const secretOf = (name: Parameters<ReturnType<typeof openSettings>['text']>[0]) => ({
  client: secrets(),
  secret: settings().text(name),
});
const tableOf = (noun: TableNoun) => ({ client: dynamo(), table: settings().table(noun) });

/** For functions that record nothing: should one ever try, it is refused. */
const noAudit: AuditLog = {
  append: () => Promise.reject(new SallyportError('unavailable', { detail: 'this function keeps no audit records' })),
};

const edge = (name: string, audit: AuditLog | undefined) => {
  const metrics = createMetrics({ namespace: 'Sallyport', process: name, now: clock.now });
  const hub = createEventHub({
    process: name,
    log: createLog({ process: name }),
    metrics,
    audit: audit ?? noAudit,
    clock,
  });
  return { hub, audited: audit !== undefined, clock, random, timers, flush: () => metrics.flush() };
};

/** What a handler is made of. Each part is made when it is asked for, so a function reads no setting that it does not use. */
const parts = {
  domain: () => settings().text('SALLYPORT_DOMAIN'),
  adminGroup: () => settings().text('SALLYPORT_ADMIN_GROUP'),
  relay: () => ({
    host: settings().text('SALLYPORT_RELAY_HOST'),
    port: settings().number('SALLYPORT_RELAY_PORT'),
  }),
  signInMilliseconds: () => settings().number('SALLYPORT_SIGN_IN_SECONDS') * 1_000,
  tunnels: () => createDynamoTunnels(tableOf('tunnels')),
  claims: () => createDynamoPortClaims(tableOf('portClaims')),
  devices: () => createDynamoDevices(tableOf('devices')),
  relays: () => createDynamoRelays({ ...tableOf('relays'), clock }),
  grants: () => createDynamoGrants(tableOf('grants')),
  operatorKeys: () => createDynamoOperatorKeys(tableOf('operatorKeys')),
  changes: () => createDynamoChanges(tableOf('changes')),
  once: () => createDynamoOnce(tableOf('once')),
  auditReader: () => createDynamoAuditReader(tableOf('audit')),
  sshKeys: createSshKeys,
  pins: () => createSecretPins({ ...secretOf('SALLYPORT_PINS_SECRET'), now: clock.now }),
  hostKeys: () => ({
    relayKeys: createHostKeyStore(secretOf('SALLYPORT_HOST_KEYS_SECRET')),
    routerKeys: createHostKeyStore(secretOf('SALLYPORT_ROUTER_HOST_KEYS_SECRET')),
    pins: createPinStore(secretOf('SALLYPORT_PINS_SECRET')),
    makeHostKeyPairs,
  }),
  messages: () => createDeviceMessages({ client: iot(), delivery: settings().delivery }),
  tunnelOfImage,
  operatorMessages: () => createOperatorMessages({ client: iot() }),
  tokens: () =>
    createTokens({
      issuer: settings().text('SALLYPORT_TOKEN_ISSUER'),
      audience: settings().text('SALLYPORT_TOKEN_AUDIENCE'),
      jwks: settings().text('SALLYPORT_TOKEN_JWKS'),
    }),
  /** The function's hub and clocks; with audit records of its own, or none. */
  edge: (name: string) => edge(name, createDynamoAuditLog(tableOf('audit'))),
  edgeWithoutAudit: (name: string) => edge(name, undefined),
  signInNotes: createSignInNotes,
} as const;
export type Parts = typeof parts;

/** The way to put a handler's ports together. Throws all that is wrong with the settings at once. */
export const wire =
  <Ports>(choose: (parts: Parts) => Ports): (() => Ports) =>
  () => {
    const chosen = choose(parts);
    settings().complete();
    return chosen;
  };
