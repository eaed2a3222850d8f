import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Ground } from './ground.ts';
import type { Image } from './image-builder.ts';
import { type Ran, run } from './run.ts';

export interface Container {
  /** Of the entry point itself. */
  readonly pid: number;
  /** What the process told when it was ready: ids, ports. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Asks as HEALTHCHECK says. */
  health(): Promise<Ran>;
  /** SIGTERM to the entry point; resolves when it has ended. Killed after a minute: then there is no code. */
  stop(): Promise<{ readonly code: number | null; readonly milliseconds: number }>;
  /** Does nothing when it has ended. */
  kill(): void;
}

/** For what takes a second on a machine that has nothing else to do. */
const limitMilliseconds = 60_000;

/**
 * Starts an image: its entry point, as its user, on a root that may not be written. Rejects with what was said when the
 * process ends before it is ready, or is not ready in a minute.
 */
export const startContainer = async (
  ground: Ground,
  { tree, config }: Image,
  environment: Readonly<Record<string, string>>,
): Promise<Container> => {
  const options = { config, environment, readOnly: true };
  const { file, args, cwd, env } = ground.place(tree, config.entrypoint, options);
  const child = spawn(file, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed: Promise<readonly (number | null)[]> = once(child, 'close');
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMilliseconds);
  const ready = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    let said = '';
    const hear = (text: string) => {
      said += text;
      const line = said.split('\n').find((one) => one.includes('"event":"ready"'));
      if (line?.endsWith('}') === true) resolve(JSON.parse(line));
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    closed.then(
      ([code]) => reject(new Error(`ended with ${code} before it was ready: ${said.trim().slice(-2_000)}`)),
      reject,
    );
  }).finally(() => clearTimeout(timer));
  return {
    pid: child.pid ?? 0,
    ready,
    health: () => run({ ...ground.place(tree, config.health?.command ?? [], options), limitMilliseconds }),
    async stop() {
      const from = performance.now();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), limitMilliseconds);
      const [code = null] = await closed;
      clearTimeout(late);
      return { code, milliseconds: performance.now() - from };
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

/** Runs a program in an image as the entry point would run; killed after a minute. */
export const runInImage = (
  ground: Ground,
  { tree, config }: Image,
  command: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> => run({ ...ground.place(tree, command, { config, environment, readOnly: true }), limitMilliseconds });
