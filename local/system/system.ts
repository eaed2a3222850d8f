import { randomUUID } from 'node:crypto';
import { startBalancer } from '../balancer/balancer.ts';
import { type Authority, createAuthority, type Issued } from '../ca/authority.ts';
import { localPlace } from '../cloudformation/place.ts';
import { startTokenIssuer, type TokenIssuer } from '../token-issuer/token-issuer.ts';
import { Closers } from './closers.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { containerOf, DataPlane, inService } from './data-plane.ts';
import type { LocalPorts } from './local-ports.ts';
import { readLocalStage } from './local-stage.ts';
import type { LogFiles } from './log-files.ts';
import type { Prepared } from './prepared.ts';
import type { StateDirectory } from './state-directory.ts';

export interface SystemOptions {
  readonly prepared: Prepared;
  readonly ports: LocalPorts;
  readonly state: StateDirectory;
  readonly logs: LogFiles;
  /** How many relays stand behind the load balancer; default 2. */
  readonly relayCount?: number;
  /** Settings of relays and routers beyond those of the templates. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told of each part that stands. */
  readonly onStep?: (what: string) => void;
}

/** A whole deployment on this machine, without devices. */
export interface LocalSystem {
  readonly prepared: Prepared;
  readonly state: StateDirectory;
  readonly logs: LogFiles;
  readonly plane: ControlPlane;
  readonly issuer: TokenIssuer;
  readonly authority: Authority;
  readonly dataPlane: DataPlane;
  readonly domain: string;
  /** The API for operators with tokens, and the one for machines with IAM credentials. */
  readonly api: string;
  readonly iamApi: string;
  readonly relayPort: number;
  readonly routerPort: number;
  close(): Promise<void>;
}

const loopback = '127.0.0.1';

/** Each relay has a loopback address of its own, as it has an instance of its own in the cloud. */
export const relayHost = (index: number): string => `127.0.1.${index + 1}`;

/** Starts everything from the templates. Stops what it started when that fails. */
export async function startSystem(options: SystemOptions): Promise<LocalSystem> {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

async function start(options: SystemOptions, closers: Closers): Promise<LocalSystem> {
  const { prepared, ports, state, logs, relayCount = 2, onStep = () => undefined } = options;
  const { name, domain, tokens } = readLocalStage();
  const [issuer, authority] = await Promise.all([
    startTokenIssuer({ ...tokens, port: ports.issuer, keyFile: state.file('issuer-key.json') }),
    createAuthority(state.file('authority.pem')),
  ]);
  closers.add(() => issuer.close());
  // Before the functions, which tell devices its port. Until there are relays it refuses.
  const parts: { dataPlane?: DataPlane } = {};
  const targets = () => inService(parts.dataPlane?.relays ?? []);
  const balancer = await startBalancer({ name: 'the relays', host: loopback, port: ports.relays, targets });
  closers.add(() => balancer.close());
  onStep('token issuer, certificate authority and load balancer');

  const keys = { SALLYPORT_TOKEN_JWKS: issuer.jwksUrl };
  const plane = await startControlPlane({
    assembly: prepared.assembly,
    place: localPlace,
    state,
    logs,
    authority,
    keysOf: () => issuer.keys,
    apiPort: (api) => (api.endsWith('-iam') ? ports.iamApi : ports.jwtApi),
    brokerPort: ports.broker,
    overrides: { ...keys, SALLYPORT_RELAY_PORT: String(balancer.port) },
  });
  closers.add(() => plane.close());
  onStep('tables, functions, APIs and MQTT broker from the templates');

  const dataPlane = new DataPlane({ plane, logs, settings: { ...keys, ...options.settings } });
  parts.dataPlane = dataPlane;
  closers.add(() => dataPlane.close());
  await giveCertificate(plane, await authority.issueServer([`*.${domain}`, domain], [loopback]));
  const hosts = Array.from({ length: relayCount }, (_, index) => relayHost(index));
  const [router] = await Promise.all([
    dataPlane.startRouter(ports.router),
    ...hosts.map((host) => dataPlane.startRelay(host)),
  ]);
  onStep(`${relayCount} relays and a router`);

  const apiOf = (kind: string) => plane.apis.get(`sallyport-${name}-${kind}`) ?? '';
  return {
    prepared,
    state,
    logs,
    plane,
    issuer,
    authority,
    dataPlane,
    domain,
    api: apiOf('jwt'),
    iamApi: apiOf('iam'),
    relayPort: balancer.port,
    routerPort: Number(router.child.ready.port),
    close: () => closers.close(),
  };
}

/** Puts the wildcard certificate where routers read it. */
async function giveCertificate(plane: ControlPlane, { certificate, privateKey }: Issued): Promise<void> {
  const secret = containerOf(plane.tasks, 'router').container.environment.SALLYPORT_CERTIFICATE_SECRET ?? '';
  const value = JSON.stringify({ v: 1, cert: certificate, key: privateKey });
  plane.secrets.put(plane.secrets.get(secret), randomUUID(), { value, binary: false });
}
