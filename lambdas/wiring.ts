import { randomBytes } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createAcmeIssuer } from '../adapters/acme/issuer.ts';
import { createAcmExport } from '../adapters/aws/acm-export.ts';
import { createBucketVault } from '../adapters/aws/audit-vault.ts';
import { createSignedApi } from '../adapters/aws/operator-api.ts';
import { createRoute53Challenge } from '../adapters/aws/route53-challenge.ts';
import { createAwsCall } from '../adapters/aws/signed-call.ts';
import { createSignedFetch } from '../adapters/aws/signed-fetch.ts';
import { createDynamoAuditLog } from '../adapters/dynamodb/audit-log.ts';
import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { auditOfImage } from '../adapters/dynamodb/audit-stream.ts';
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
import { createWebClient } from '../adapters/https/web-client.ts';
import { createIotClient } from '../adapters/iot/client.ts';
import { createIotControlClient } from '../adapters/iot/control-client.ts';
import { createDeviceConnections } from '../adapters/iot/device-connections.ts';
import { createDeviceMessages } from '../adapters/iot/device-messages.ts';
import { createOperatorMessages } from '../adapters/iot/operator-messages.ts';
import { createThingRegistry } from '../adapters/iot/thing-registry.ts';
import { createAnchorKeys } from '../adapters/jwt/anchor-signatures.ts';
import { createLinkTokens } from '../adapters/jwt/link-tokens.ts';
import { createTokens } from '../adapters/jwt/tokens.ts';
import { createCertificateStore } from '../adapters/secrets/certificate-store.ts';
import { createHostKeyStore, createPinStore } from '../adapters/secrets/host-key-store.ts';
import { createSecretPins } from '../adapters/secrets/pins.ts';
import { createSecretSigningKeys } from '../adapters/secrets/signing-keys.ts';
import { makeHostKeyPairs, makeSigningKeyPairs } from '../adapters/ssh/host-key-pairs.ts';
import { createJumpClient } from '../adapters/ssh/jump-client.ts';
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
import { defaultProvider } from './edge/credentials.ts';
import { openSettings, type Settings } from './settings.ts';

/** Made at the first call and kept for the process's life. */
const kept = <T>(make: () => T): (() => T) => {
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

// What a function does not name is left out of its bundle. That takes exports of their own instead of one object that
// holds all, and the word PURE, which tells the bundler that a call does nothing but make its result.
const settings = /* @__PURE__ */ kept(() => openSettings(process.env));
const dynamo = /* @__PURE__ */ kept(() => createDynamoClient());
const iot = /* @__PURE__ */ kept(() => createIotClient());
const iotControl = /* @__PURE__ */ kept(() => createIotControlClient());
const secrets = /* @__PURE__ */ kept(() => new SecretsManagerClient({}));

const tableOf = (noun: TableNoun) => ({ client: dynamo(), table: settings().table(noun) });
const secretOf = (name: Parameters<Settings['text']>[0]) => ({ client: secrets(), secret: settings().text(name) });

export const https = () => settings().https;
export const domain = () => settings().text('SALLYPORT_DOMAIN');
export const adminGroup = () => settings().text('SALLYPORT_ADMIN_GROUP');
export const relayAddress = () => ({
  host: settings().text('SALLYPORT_RELAY_HOST'),
  port: settings().number('SALLYPORT_RELAY_PORT'),
});
export const signInMilliseconds = () => settings().number('SALLYPORT_SIGN_IN_SECONDS') * 1_000;

export const auditLog = () => createDynamoAuditLog(tableOf('audit'));
export const auditReader = () => createDynamoAuditReader(tableOf('audit'));
export const changes = () => createDynamoChanges(tableOf('changes'));
export const claims = () => createDynamoPortClaims(tableOf('portClaims'));
export const devices = () => createDynamoDevices(tableOf('devices'));
export const grants = () => createDynamoGrants(tableOf('grants'));
export const once = () => createDynamoOnce(tableOf('once'));
export const operatorKeys = () => createDynamoOperatorKeys(tableOf('operatorKeys'));
export const relays = () => createDynamoRelays({ ...tableOf('relays'), clock });
export const tunnels = () => createDynamoTunnels(tableOf('tunnels'));
export { auditOfImage, tunnelOfImage };

export const messages = () => createDeviceMessages({ client: iot(), delivery: settings().delivery });
export const things = () => createThingRegistry({ client: iotControl() });
export const connections = () => createDeviceConnections({ client: iot() });
export const operatorMessages = () => createOperatorMessages({ client: iot() });

export const sshKeys = createSshKeys;
export const pins = () => createSecretPins({ ...secretOf('SALLYPORT_PINS_SECRET'), now: clock.now });
export const links = () =>
  createLinkTokens({
    keys: createSecretSigningKeys({ ...secretOf('SALLYPORT_LINK_KEY_SECRET'), now: clock.now }),
    now: clock.now,
  });
export const anchorKeys = () =>
  createAnchorKeys(createSecretSigningKeys({ ...secretOf('SALLYPORT_ANCHOR_KEY_SECRET'), now: clock.now }));
export const hostKeys = () => ({
  relayKeys: createHostKeyStore(secretOf('SALLYPORT_HOST_KEYS_SECRET')),
  routerKeys: createHostKeyStore(secretOf('SALLYPORT_ROUTER_HOST_KEYS_SECRET')),
  linkKeys: createHostKeyStore(secretOf('SALLYPORT_LINK_KEY_SECRET')),
  anchorKeys: createHostKeyStore(secretOf('SALLYPORT_ANCHOR_KEY_SECRET')),
  pins: createPinStore(secretOf('SALLYPORT_PINS_SECRET')),
  makeHostKeyPairs,
  makeSigningKeyPairs,
});

/** What it takes to open a tunnel, whoever asks for it. */
export const opening = () => ({
  ...{ grants: grants(), devices: devices(), tunnels: tunnels(), once: once() },
  ...{ pins: pins(), messages: messages(), relay: relayAddress(), domain: domain() },
});

type Signed = Pick<Parameters<typeof createSignedFetch>[0], 'service' | 'endpoint'> & { readonly region?: string };
const region = () => process.env.AWS_REGION ?? 'us-east-1';
const signed = (timeoutMilliseconds: number, where: Signed) =>
  createSignedFetch({
    region: region(),
    ...where,
    now: clock.now,
    credentials: defaultProvider(),
    timeoutMilliseconds,
  });

export const certificateStore = () => createCertificateStore(secretOf('SALLYPORT_CERTIFICATE_SECRET'));
/** In the function's Region. */
const acm = () =>
  createAwsCall('acm', signed(15_000, { service: 'acm', endpoint: `https://acm.${region()}.amazonaws.com` }));
/** One place for the world, which signs by us-east-1. */
const route53 = () => {
  const endpoint = 'https://route53.amazonaws.com';
  return createAwsCall('route53', signed(15_000, { service: 'route53', endpoint, region: 'us-east-1' }));
};
export const acmExport = () =>
  createAcmExport({ call: acm(), certificate: settings().text('SALLYPORT_ACM_CERTIFICATE') });
export const acmeIssuer = () =>
  createAcmeIssuer({
    ...{ directory: settings().text('SALLYPORT_ACME_DIRECTORY'), email: settings().text('SALLYPORT_ACME_EMAIL') },
    ...{ domain: domain(), timers, now: clock.now },
    record: createRoute53Challenge({
      ...{ call: route53(), zone: settings().text('SALLYPORT_ZONE'), domain: domain(), timers },
    }),
  });

export const tokens = () =>
  createTokens({
    issuer: settings().text('SALLYPORT_TOKEN_ISSUER'),
    audience: settings().text('SALLYPORT_TOKEN_AUDIENCE'),
    jwks: settings().text('SALLYPORT_TOKEN_JWKS'),
  });

export const auditVault = () =>
  createBucketVault(signed(30_000, { service: 's3', endpoint: settings().text('SALLYPORT_VAULT_URL') }));
export const operatorApi = () =>
  createSignedApi(signed(30_000, { service: 'execute-api', endpoint: settings().text('SALLYPORT_API_URL') }));
export const jumpClient = () => createJumpClient({ host: settings().text('SALLYPORT_ROUTER_HOST'), port: 443 });
export const webClient = () =>
  https() ? createWebClient({ host: settings().text('SALLYPORT_ROUTER_HOST'), port: 443 }) : undefined;

/** For functions that record nothing: should one ever try, it is refused. */
const noAudit: AuditLog = {
  append: () => Promise.reject(new SallyportError('unavailable', { detail: 'this function keeps no audit records' })),
};

/** The function's hub and clocks. Without an audit log it may record nothing. */
export const edge = (name: string, audit?: AuditLog) => {
  const metrics = createMetrics({ process: name, now: clock.now });
  const log = createLog({ process: name });
  const hub = createEventHub({ process: name, log, metrics, audit: audit ?? noAudit, clock });
  return { hub, audited: audit !== undefined, clock, random, timers, flush: () => metrics.flush() };
};

/**
 * The way to put a handler's ports together. Each is made when it is asked for, so a function reads no setting that it
 * does not use. Throws all that is wrong with the settings at once.
 */
export const wire =
  <Ports>(choose: () => Ports): (() => Ports) =>
  () => {
    const chosen = choose();
    settings().complete();
    return chosen;
  };
