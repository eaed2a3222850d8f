import { join } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from '../infra/project-root.ts';

/**
 * Bundles what `npm start` runs: a third less memory than with a loader that strips types. It lies one folder below the
 * project, where `projectRoot` looks from.
 */
await build({
  absWorkingDir: projectRoot,
  entryPoints: ['local/main.ts'],
  outfile: join(projectRoot, 'dist/local.mjs'),
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
});
