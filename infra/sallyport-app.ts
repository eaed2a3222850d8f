import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, DefaultStackSynthesizer, Tags } from 'aws-cdk-lib';
import { projectRoot } from './project-root.ts';
import { ControlStack } from './stacks/control-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { StatefulStack } from './stacks/stateful-stack.ts';
import type { StageConfig } from './stage-config.ts';

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

/** One stage. No account stands in it, so that it deploys wherever the credentials point, and synthesis asks nobody. */
export const createApp = ({ config, assets, outdir, validate = true }: AppOptions) => {
  const app = new App({
    context: readJson('cdk.json').context,
    analyticsReporting: false,
    treeMetadata: false,
    builtinCloudFormationValidation: validate,
    ...(outdir === undefined ? {} : { outdir }),
  });
  const id = (part: string) => `sallyport-${config.name}-${part}`;
  const common = () => ({
    config,
    ...(config.region === undefined ? {} : { env: { region: config.region } }),
    // The command line checks the bootstrap version itself; a rule in each template would say it twice.
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  const stateful = new StatefulStack(app, id('stateful'), {
    ...common(),
    description: 'Sallyport: key, tables, secrets. Kept when deleted.',
  });
  const { foundation } = stateful;
  const control = new ControlStack(app, id('control'), {
    ...common(),
    description: 'Sallyport: functions, APIs, IoT',
    foundation,
    assets,
  });
  const data = new DataStack(app, id('data'), {
    ...common(),
    description: 'Sallyport: relays and routers',
    foundation,
    openForJump: control.openForJump,
    version: readJson('package.json').version,
  });
  Tags.of(app).add('sallyport', config.name);
  return { app, stateful, control, data };
};
