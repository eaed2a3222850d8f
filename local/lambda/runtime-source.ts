import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { projectRoot } from '../../infra/project-root.ts';

let source: URL | undefined;

/**
 * The runtime as a module that a worker can load whatever runs this process: a worker thread does not share the loader
 * that strips types here, and starting that loader in each would cost more memory than the function.
 */
export function runtimeModule(): URL {
  if (source !== undefined) return source;
  const file = join(projectRoot, 'local/lambda/runtime.ts');
  const { code } = transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'esm', target: 'node20' });
  source = new URL(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
  return source;
}
