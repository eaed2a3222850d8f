import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../infra/project-root.ts';

/** What `local/prepare.ts` made. */
export interface Prepared {
  /** The cloud assembly of the local stage. */
  readonly assembly: string;
  readonly demoDevice: string;
}

export const preparedIn = (folder: string): Prepared => ({
  assembly: join(folder, 'assembly'),
  demoDevice: join(folder, 'demo-device.mjs'),
});

/** @throws Error with what was said when it fails */
export const prepare = (folder: string): Promise<Prepared> =>
  new Promise((resolve, reject) => {
    const script = join(projectRoot, 'local/prepare.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script, '--output', folder], {
      cwd: projectRoot,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-4_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(preparedIn(folder));
      else reject(new Error(`the templates could not be made:\n${said.trim()}`));
    });
  });
