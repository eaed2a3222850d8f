import { type ChildProcess, spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** What its ready line told: ids, ports. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Resolves when it has ended, with what ended it. */
  readonly exited: Promise<string>;
  readonly running: boolean;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when it does not end in time. */
  stop(): Promise<void>;
}

const stopMilliseconds = 15_000;

/**
 * Runs a program of the product as a child process and waits for its ready line. The IPC channel tells it
 * when this process is gone, however that ended, so that none is left behind.
 *
 * @throws Error with the last of what it said, when it ends or is silent for too long before it is ready
 */
export async function startChild(options: {
  readonly name: string;
  readonly script: string;
  readonly args?: readonly string[];
  /** All of its environment but PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  /** How many files it may hold open, as far as this machine lets us say so. */
  readonly openFiles?: number;
  /** Each line that it prints. */
  readonly onLine: (line: string) => void;
  readonly readyMilliseconds?: number;
}): Promise<Child> {
  const { name, onLine } = options;
  const program = [process.execPath, ...(options.nodeOptions ?? []), options.script, ...(options.args ?? [])];
  const [command = '', ...args] = options.openFiles === undefined ? program : limited(options.openFiles, program);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Its own group: a Ctrl-C at the terminal is for the parent, which stops its children in their order.
    detached: true,
    // Two arenas instead of eight a core: half a dozen processes share this machine.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, MALLOC_ARENA_MAX: '2', ...options.environment },
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const ready = await readyLine(child, { ...options, exited, milliseconds: options.readyMilliseconds ?? 15_000 });
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    exited,
    get running() {
      return !ended;
    },
    kill: (signal) => void child.kill(signal),
    async stop() {
      if (ended) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => {
        onLine(`${name} did not stop in ${stopMilliseconds} ms and is killed`);
        child.kill('SIGKILL');
      }, stopMilliseconds);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Both the soft and the hard limit, so that Node cannot raise it again. The shell becomes the program and leaves no trace. */
const limited = (openFiles: number, program: readonly string[]): readonly string[] => [
  ...['/bin/sh', '-c', '(ulimit -n "$0") 2>/dev/null && ulimit -n "$0"; exec "$@"'],
  ...[String(openFiles), ...program],
];

const keptLines = 20;

function readyLine(
  child: ChildProcess,
  options: {
    readonly name: string;
    readonly onLine: (line: string) => void;
    readonly exited: Promise<string>;
    readonly milliseconds: number;
  },
): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${options.name} ${why}${last.length > 0 ? `:\n${last.join('\n')}` : ''}`));
    };
    const timer = setTimeout(() => fail('was not ready in time'), options.milliseconds);
    void options.exited.then((why) => fail(`ended (${why}) before it was ready`));
    const hear = (line: string) => {
      options.onLine(line);
      last.push(line);
      if (last.length > keptLines) last.shift();
      const told = readyFields(line);
      if (told === undefined) return;
      clearTimeout(timer);
      resolve(told);
    };
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) eachLine(stream, hear);
  });
}

function readyFields(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.includes('"ready"')) return undefined;
  try {
    const told: unknown = JSON.parse(line);
    const isReady = typeof told === 'object' && told !== null && 'event' in told && told.event === 'ready';
    return isReady ? { ...told } : undefined;
  } catch {
    return undefined;
  }
}

function eachLine(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}
