import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FunctionSpec } from './function-spec.ts';
import type { FunctionFailure, InvocationContext, OutcomeMessage, RuntimeStart } from './invocation.ts';
import { runtimeModule } from './runtime-source.ts';

export interface EnvironmentOptions {
  readonly spec: FunctionSpec;
  /** All that the function sees as `process.env`. */
  readonly variables: Readonly<Record<string, string>>;
  /** One line of what it printed. */
  readonly onLine: (line: string) => void;
}

/**
 * V8 lets garbage grow with what it may have. A dozen functions share one machine and each keeps some 10 MB, so they get
 * less than their Lambda memory: that took a third off each (35 MB to 22 MB with the smaller bundles).
 */
const mostHeapMegabytes = 128;
const youngMegabytes = 2;

/**
 * One execution environment: a worker thread with the function loaded in it, which works on one invocation at a time.
 * A function that runs into its time-out, exits or throws outside an invocation takes its environment along.
 */
export class ExecutionEnvironment {
  /** Milliseconds since 1970. */
  usedAt = Date.now();
  /** Set by the pool, from choosing this environment for an invocation to its end. */
  claimed = false;
  private readonly worker: Worker;
  private readonly spec: FunctionSpec;
  private readonly gone: Promise<void>;
  private finish: ((outcome: OutcomeMessage) => void) | undefined;
  private ended = false;
  private cause: FunctionFailure | undefined;

  constructor({ spec, variables, onLine }: EnvironmentOptions) {
    this.spec = spec;
    this.worker = new Worker(runtimeModule(), {
      env: { ...variables },
      // Not the options of this process, such as its module loader.
      execArgv: [],
      workerData: startOf(spec),
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.min(spec.memoryMegabytes, mostHeapMegabytes),
        maxYoungGenerationSizeMb: youngMegabytes,
      },
    });
    this.worker.unref();
    for (const stream of [this.worker.stdout, this.worker.stderr]) createInterface(stream).on('line', onLine);
    this.worker.on('message', (outcome: OutcomeMessage) => this.settle(outcome));
    this.worker.on('error', (error) => {
      this.cause = {
        errorType: 'Runtime.ExitError',
        errorMessage: `Runtime exited with error: ${error.name}: ${error.message}`,
      };
    });
    this.gone = new Promise((resolve) => {
      this.worker.once('exit', (code) => {
        this.ended = true;
        const errorMessage = `Runtime exited with error: exit status ${code}`;
        this.settle({ kind: 'failure', error: this.cause ?? { errorType: 'Runtime.ExitError', errorMessage } });
        resolve();
      });
    });
  }

  get alive(): boolean {
    return !this.ended;
  }

  /** Runs one invocation to its end or the function's time-out. Never rejects. */
  async invoke(payload: string, context: InvocationContext): Promise<OutcomeMessage> {
    const milliseconds = this.spec.timeoutSeconds * 1000;
    const outcome = new Promise<OutcomeMessage>((resolve) => {
      this.finish = resolve;
    });
    const timer = setTimeout(() => {
      const seconds = this.spec.timeoutSeconds.toFixed(2);
      this.cause = {
        errorType: 'Sandbox.Timedout',
        errorMessage: `RequestId: ${context.awsRequestId} Error: Task timed out after ${seconds} seconds`,
      };
      void this.close();
    }, milliseconds);
    this.worker.postMessage({ payload, context, deadline: Date.now() + milliseconds });
    try {
      return await outcome;
    } finally {
      clearTimeout(timer);
      this.usedAt = Date.now();
    }
  }

  async close(): Promise<void> {
    await this.worker.terminate();
    await this.gone;
  }

  private settle(outcome: OutcomeMessage): void {
    const { finish } = this;
    this.finish = undefined;
    finish?.(outcome);
  }
}

function startOf({ directory, handler }: FunctionSpec): RuntimeStart {
  const dot = handler.lastIndexOf('.');
  const base = join(directory, handler.slice(0, dot));
  const file = ['.mjs', '.js', '.cjs'].map((extension) => base + extension).find((one) => existsSync(one));
  return { module: pathToFileURL(file ?? `${base}.mjs`).href, export: handler.slice(dot + 1) };
}
