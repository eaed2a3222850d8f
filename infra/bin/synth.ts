import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { projectRoot } from '../project-root.ts';
import { createApp } from '../sallyport-app.ts';
import { readStageConfig, type StageConfig, StageConfigError } from '../stage-config.ts';
import { BuildError, bundle } from './build.ts';

/**
 * Writes the cloud assembly of a stage and answers its folder. Asks no network. Bundles first, unless `assets` names a
 * folder that is filled already. Throws `StageConfigError` and `BuildError`.
 */
export const synthesize = async (options: {
  /** A name of `infra/stages`, or a config made otherwise. */
  readonly stage: string | StageConfig;
  readonly outdir?: string;
  readonly assets?: string;
  /** False for templates that nobody deploys. */
  readonly validate?: boolean;
}): Promise<string> => {
  const config = typeof options.stage === 'string' ? readStageConfig(options.stage) : options.stage;
  const assets = options.assets ?? (await bundle());
  const outdir = options.outdir ?? join(projectRoot, 'cdk.out');
  return createApp({ config, assets, outdir, validate: options.validate ?? true }).app.synth().directory;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { stage: { type: 'string', default: 'dev' }, output: { type: 'string' } } });
  synthesize({ stage: values.stage, ...(values.output === undefined ? {} : { outdir: values.output }) }).then(
    (directory) => process.stdout.write(`${directory}\n`),
    (error: unknown) => {
      const told = error instanceof StageConfigError || error instanceof BuildError;
      process.stderr.write(`${told ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
