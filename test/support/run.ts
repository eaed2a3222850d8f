import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a command to its end. */
export const run = async (
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly milliseconds?: number } = {},
): Promise<Ran> => {
  const child = spawn(command, [...args], { stdio: 'pipe', env: options.env ?? process.env });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.milliseconds ?? 20_000);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') };
};

/** A process that goes on until it is killed; what it prints can be waited on. Its input is at its end, or never comes to it. */
export const start = (
  command: string,
  args: readonly string[],
  /** A group of its own is what a terminal gives a command: `kill(-pid)` is its Ctrl-C. */
  options: { readonly env?: NodeJS.ProcessEnv; readonly openInput?: boolean; readonly ownGroup?: boolean } = {},
) => {
  const child: ChildProcess = spawn(command, [...args], {
    stdio: [options.openInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: options.env ?? process.env,
    detached: options.ownGroup ?? false,
  });
  let said = '';
  const watchers = new Set<() => void>();
  const hear = (chunk: Buffer) => {
    said += chunk.toString('utf8');
    for (const watcher of watchers) watcher();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  const closed = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    closed,
    get said() {
      return said;
    },
    /** Resolves with the match when the process has said it; rejects when it ends before. */
    says: (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(said);
          if (match === null) return;
          watchers.delete(look);
          resolve(match);
        };
        watchers.add(look);
        void closed.then(() => reject(new Error(`it ended without saying ${pattern}: ${said.slice(-2000)}`)));
        look();
      }),
    async kill(signal: NodeJS.Signals = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await closed;
    },
  };
};
