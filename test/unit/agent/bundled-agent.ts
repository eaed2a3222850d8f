import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

type Line = Readonly<Record<string, unknown>>;

/** An environment that says nothing of this repository. */
const env = { PATH: process.env.PATH };

/** Runs the script to its end, from outside the repository. */
export const runToEnd = (script: string, args: readonly string[], cwd: string) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd, env, encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** A running agent as a child with an IPC channel. */
export class RunningAgent {
  readonly child: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  readonly lines: Line[] = [];
  readonly #waiting = new Set<{ readonly event: string; readonly tell: (line: Line) => void }>();

  constructor(script: string, args: readonly string[], cwd: string) {
    this.child = fork(script, args, { cwd, env, execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const { child } = this;
    if (child.stdout === null) throw new Error('no pipe to the agent');
    const lines = createInterface({ input: child.stdout }).on('line', (text) => this.#hear(text));
    const heard = once(lines, 'close');
    // Node tells of no 'close' of a child that this side has disconnected from.
    this.ended = once(child, 'exit').then(async ([code, signal]) => {
      await heard;
      return signal ?? code;
    });
  }

  /** The first line of that event, past or to come. Rejects when the agent ends without one. */
  line(event: string): Promise<Line> {
    const past = this.lines.find((line) => line.event === event);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      this.#waiting.add({ event, tell: resolve });
      void this.ended.then((how) => reject(new Error(`ended (${how}) before ${event}`)));
    });
  }

  #hear(text: string): void {
    const line: Line = JSON.parse(text);
    this.lines.push(line);
    for (const one of this.#waiting) if (one.event === line.event) one.tell(line);
  }
}
