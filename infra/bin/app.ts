import { createApp } from '../sallyport-app.ts';
import { readStageConfig } from '../stage-config.ts';
import { bundle } from './build.ts';

/** For the CDK's command line: `npx cdk deploy --all -c stage=prod`. */
const context: unknown = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}');
const stage = typeof context === 'object' && context !== null && 'stage' in context ? String(context.stage) : 'dev';
createApp({ config: readStageConfig(stage), assets: await bundle() }).app.synth();
