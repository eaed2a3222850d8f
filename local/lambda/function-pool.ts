import { randomUUID } from 'node:crypto';
import { ExecutionEnvironment } from './execution-environment.ts';
import type { FunctionSpec } from './function-spec.ts';
import type { OutcomeMessage } from './invocation.ts';
import { LambdaError } from './lambda-error.ts';

export interface PoolOptions {
  readonly spec: FunctionSpec;
  readonly variables: () => Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  /** Environments of this function at most; more invocations wait. Lambda would start more: one machine cannot. */
  readonly most: number;
  /** An environment that is not used for so long is let go. */
  readonly idleMilliseconds: number;
}

/** The execution environments of one function. */
export class FunctionPool {
  readonly spec: FunctionSpec;
  private readonly options: PoolOptions;
  private readonly environments = new Set<ExecutionEnvironment>();
  private readonly waiting: (() => void)[] = [];
  private readonly idling = new Map<ExecutionEnvironment, NodeJS.Timeout>();
  private running = 0;
  private closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.spec = options.spec;
  }

  /** Environments that could be let go, by when they were last used. */
  idle(): readonly ExecutionEnvironment[] {
    return [...this.environments].filter((one) => one.alive && !one.claimed);
  }

  get size(): number {
    return this.environments.size;
  }

  /**
   * Runs one invocation.
   *
   * @throws LambdaError when the function's reserved concurrency is used up.
   */
  async invoke(payload: string): Promise<OutcomeMessage> {
    const { reservedConcurrency } = this.spec;
    if (reservedConcurrency !== undefined && this.running >= reservedConcurrency) {
      throw new LambdaError('TooManyRequestsException', 'Rate Exceeded.');
    }
    this.running += 1;
    try {
      const environment = await this.claim();
      return await environment.invoke(payload, this.context()).finally(() => {
        environment.claimed = false;
        this.letIdle(environment);
      });
    } finally {
      this.running -= 1;
      for (const one of this.environments) if (!one.alive) this.environments.delete(one);
      this.waiting.shift()?.();
    }
  }

  async drop(environment: ExecutionEnvironment): Promise<void> {
    this.stopIdling(environment);
    this.environments.delete(environment);
    await environment.close();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.environments].map((one) => this.drop(one)));
  }

  private async claim(): Promise<ExecutionEnvironment> {
    for (;;) {
      if (this.closed) throw new LambdaError('ServiceException', 'the functions are being stopped');
      // The one used last: the others may then be let go.
      const [idle = this.grow()] = [...this.idle()].sort((a, b) => b.usedAt - a.usedAt);
      if (idle !== undefined) {
        this.stopIdling(idle);
        idle.claimed = true;
        return idle;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private letIdle(environment: ExecutionEnvironment): void {
    if (!environment.alive) return;
    const timer = setTimeout(() => void this.drop(environment), this.options.idleMilliseconds);
    this.idling.set(environment, timer.unref());
  }

  private stopIdling(environment: ExecutionEnvironment): void {
    clearTimeout(this.idling.get(environment));
    this.idling.delete(environment);
  }

  private grow(): ExecutionEnvironment | undefined {
    const { spec, variables, onLine, most } = this.options;
    if (this.environments.size >= most) return undefined;
    const made = new ExecutionEnvironment({ spec, variables: variables(), onLine });
    this.environments.add(made);
    return made;
  }

  private context() {
    const { name, arn, memoryMegabytes } = this.spec;
    return {
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      memoryLimitInMB: String(memoryMegabytes),
      awsRequestId: randomUUID(),
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: `local/[$LATEST]${process.pid}`,
    } as const;
  }
}
