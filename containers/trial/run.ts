import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type Program = {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Killed when it has not ended by then; default: never. */
  readonly limitMilliseconds?: number;
};

const shownCharacters = 4_000;

/** Runs a program to its end, whatever that is. Rejects when it cannot be started. */
export const run = async ({ file, args, cwd, env, limitMilliseconds }: Program): Promise<Ran> => {
  const child = spawn(file, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  });
  const timer =
    limitMilliseconds === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), limitMilliseconds);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const [code]: readonly (number | null)[] = await once(child, 'close').finally(() => clearTimeout(timer));
  return { code: code ?? null, ...said };
};

/** @throws Error with the last of what it said, when it does not end well */
export const runToEnd = async (program: Program & { readonly what?: string }): Promise<Ran> => {
  const ran = await run(program);
  if (ran.code === 0) return ran;
  const what = program.what ?? [program.file, ...program.args].join(' ');
  throw new Error(`${what} ended with ${ran.code}:\n${`${ran.out}${ran.err}`.trim().slice(-shownCharacters)}`);
};
