import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, DefaultStackSynthesizer, Tags } from 'aws-cdk-lib';
import { acknowledge } from './acknowledged.ts';
import { addChecks } from './checks.ts';
import { hostOf } from './front-doors.ts';
import { projectRoot } from './project-root.ts';
import { ControlStack } from './stacks/control-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { DnssecStack, NamesStack } from './stacks/names-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { StatefulStack } from './stacks/stateful-stack.ts';
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
  acknowledge(stateful, 'stateful');
  if (network !== undefined) acknowledge(network, 'network');
  acknowledge(control, 'control');
  acknowledge(data, 'data');
  if (names !== undefined) acknowledge(names, 'names');
  return { config, stateful, network, control, data, names, dnssec };
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
