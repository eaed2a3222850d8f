import { createApp } from '../sallyport-app.ts';
import { readStageConfig, StageConfigError } from '../stage-config.ts';
import { BuildError, bundle } from './build.ts';

/** For the CDK's command line: `npx cdk deploy --all -c stage=prod`. */
const context: unknown = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}');
const stage = typeof context === 'object' && context !== null && 'stage' in context ? String(context.stage) : 'dev';
try {
  createApp({ config: readStageConfig(stage), assets: await bundle() }).app.synth();
} catch (error) {
  if (!(error instanceof StageConfigError || error instanceof BuildError)) throw error;
  // All problems stand in it; where in our code they were found is of no use to whoever wrote the config.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
