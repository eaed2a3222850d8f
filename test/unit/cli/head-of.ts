import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../../../infra/project-root.ts';

type Asked = { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly hears?: boolean };

/** Runs a command of `cli/` whose reader goes away: at once, or when it has heard something. */
export const headOf = async (command: string, { args = [], env = {}, hears = false }: Asked) => {
  const child = spawn(process.execPath, ['--import', 'tsx', join(projectRoot, 'cli', `${command}.ts`), ...args], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const closed = once(child, 'close');
  if (hears) await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code, signal] = await closed;
  return { code, signal, err };
};
