import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, DefaultStackSynthesizer, Tags, Token } from 'aws-cdk-lib';
import { acknowledge } from './acknowledged.ts';
import type { Fronts } from './alarms/ground.ts';
import { vaultNames, vaultPlace } from './audit-vault.ts';
import { addChecks } from './checks.ts';
import { hostOf } from './front-doors.ts';
import { projectRoot } from './project-root.ts';
import { ControlStack } from './stacks/control-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { DnssecStack, NamesStack } from './stacks/names-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import { StatefulStack } from './stacks/stateful-stack.ts';
import { VaultStack } from './stacks/vault-stack.ts';
import { type Cell, cellsOf, relayHost, type StageConfig } from './stage-config.ts';

export type AppOptions = {
  readonly config: StageConfig;
  /** The folder that `bundle` filled. */
  readonly assets: string;
  /** Where the cloud assembly goes; under the CDK's command line it says so itself. */
  readonly outdir?: string;
  /** Checks every template against CloudFormation's schemas and the rules; takes two seconds, saves a failed deployment. */
  readonly validate?: boolean;
};

const readJson = (file: string) => JSON.parse(readFileSync(join(projectRoot, file), 'utf8'));

type CellOptions = { readonly cell: Cell; readonly assets: string; readonly version: string };

/** As they stand in findings about it. */
const operationsNames = (stack: OperationsStack, { name, auditExport }: StageConfig) => {
  const place = vaultPlace(stack, auditExport?.account);
  const account = Token.isUnresolved(place.account) ? '<AWS::AccountId>' : place.account;
  const region = Token.isUnresolved(place.region) ? '<AWS::Region>' : place.region;
  return { bucket: vaultNames(name, { account, region }).bucket, vaultAccount: account };
};

/** The balancers that alarms look at; `small` has none. */
const frontsOf = ({ doors, ground }: NetworkStack): Fronts | undefined =>
  ground.kind === 'small'
    ? undefined
    : {
        balancers: [doors.relay, doors.router].flatMap((door) => (door.kind === 'balancer' ? [door.balancer] : [])),
        targets: [ground.relay.target, ground.router.target],
      };

/** One Region's stacks, in the order in which they need each other. */
const createCell = (app: App, { cell, assets, version }: CellOptions) => {
  const { prefix, config } = cell;
  const common = (description: string) => ({
    config,
    description: `Sallyport: ${description}`,
    ...(config.region === undefined ? {} : { env: { region: config.region } }),
    // The command line checks the bootstrap version itself; a rule in each template would say it twice.
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  const stateful = new StatefulStack(app, `${prefix}-stateful`, common('key, tables, secrets. Kept when deleted.'));
  const { foundation } = stateful;
  const network =
    config.profile === 'none'
      ? undefined
      : new NetworkStack(app, `${prefix}-network`, { ...common('network and front doors'), key: foundation.key });
  const control = new ControlStack(app, `${prefix}-control`, {
    ...common('functions, APIs, IoT'),
    foundation,
    assets,
    relayHost: relayHost(config, network === undefined ? undefined : hostOf(network.doors.relay)),
  });
  const data = new DataStack(app, `${prefix}-data`, {
    ...common('relays and routers'),
    foundation,
    openForJump: control.openForJump,
    version,
    ground: network?.ground,
  });
  const { domain, dns } = config;
  const names =
    domain === undefined || dns.kind === 'elsewhere' || network === undefined
      ? undefined
      : new NamesStack(app, `${prefix}-names`, {
          ...common('DNS zone, certificate. Kept when deleted.'),
          ...{ domain, dns, foundation, assets, doors: network.doors },
        });
  const dnssec =
    names === undefined || dns.kind !== 'made' || dns.dnssec === undefined
      ? undefined
      : new DnssecStack(app, `${prefix}-dnssec`, common('key of DNSSEC. Kept when deleted.'));
  const { auditExport } = config;
  const vault =
    auditExport === undefined
      ? undefined
      : new VaultStack(app, `${prefix}-vault`, {
          ...common('locked copies of audit records. Kept when deleted.'),
          ...{ stage: config.name, lockDays: auditExport.lockDays, foreign: auditExport.account !== undefined },
          env: {
            ...(config.region === undefined ? {} : { region: config.region }),
            ...(auditExport.account === undefined ? {} : { account: auditExport.account }),
          },
        });
  const operations =
    network === undefined
      ? undefined
      : new OperationsStack(app, `${prefix}-operations`, {
          ...common('alarms, dashboard, canary, copies of audit records'),
          ...{ foundation, assets, prefix, watched: control.watched, iamApi: control.iamApi },
          fronts: frontsOf(network),
          routerHost: hostOf(network.doors.router),
        });
  acknowledge(stateful, 'stateful');
  if (network !== undefined) acknowledge(network, 'network');
  acknowledge(control, 'control');
  acknowledge(data, 'data');
  if (names !== undefined) acknowledge(names, 'names');
  if (vault !== undefined) acknowledge(vault, 'vault');
  if (operations !== undefined)
    acknowledge(operations, 'operations', {
      control: `${prefix}-control`,
      ...operationsNames(operations, config),
    });
  return { config, stateful, network, control, data, names, dnssec, vault, operations };
};

/**
 * One stage, each of its Regions a cell. No account stands in it, so that it deploys wherever the credentials point, and
 * synthesis asks nobody.
 */
export const createApp = ({ config, assets, outdir, validate = true }: AppOptions) => {
  const app = new App({
    context: readJson('cdk.json').context,
    analyticsReporting: false,
    treeMetadata: false,
    builtinCloudFormationValidation: validate,
    ...(outdir === undefined ? {} : { outdir }),
  });
  const version: string = readJson('package.json').version;
  const [first, ...more] = cellsOf(config).map((cell) => createCell(app, { cell, assets, version }));
  if (first === undefined) throw new Error('a stage has at least one cell');
  Tags.of(app).add('sallyport', config.name);
  if (validate) addChecks(app);
  return { app, cells: [first, ...more], ...first };
};
