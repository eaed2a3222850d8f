import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { synthesize } from '../infra/bin/synth.ts';
import { projectRoot } from '../infra/project-root.ts';

/**
 * What a local system needs before it starts: the cloud assembly of the local stage with the bundled functions and
 * processes, and the demo device. A process of its own, so that the memory of CDK and esbuild goes with it.
 */
const { values } = parseArgs({ options: { output: { type: 'string' } } });
const output = values.output;
if (output === undefined) throw new Error('give --output');

await synthesize({ stage: 'local', outdir: join(output, 'assembly'), validate: false });
await build({
  entryPoints: [join(projectRoot, 'local/demo-device/main.ts')],
  outfile: join(output, 'demo-device.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
