import { AsyncInvocations } from './async-invocations.ts';
import { FunctionPool } from './function-pool.ts';
import type { AsyncSettings, FunctionSpec } from './function-spec.ts';
import type { OutcomeMessage } from './invocation.ts';
import { LambdaError } from './lambda-error.ts';
import { variablesOf } from './variables.ts';

export interface FunctionsOptions {
  /** What a function's role gets: access key, endpoint, Region. */
  readonly roleVariables: (roleArn: string, functionName: string) => Readonly<Record<string, string>>;
  /** Settings that only this machine knows; they replace those of the template that bear the same name. */
  readonly overrides?: Readonly<Record<string, string>>;
  readonly onLine: (functionName: string, line: string) => void;
  /** Environments of one function at most. */
  readonly mostPerFunction?: number;
  /** Environments that stay loaded in all; beyond that the one unused longest is let go. */
  readonly mostLoaded?: number;
  /** How long an environment that nobody calls stays loaded. Lambda keeps it some minutes as well. */
  readonly idleMilliseconds?: number;
  /** Waits before the tries of asynchronous invocations, ms. AWS waits one minute, then two. */
  readonly retryDelays?: readonly number[];
}

/** Quotas of Lambda on what is sent to a function and back, bytes. */
const payloadBytes = 6 * 1024 * 1024;
const eventBytes = 256 * 1024;

/** All functions of the system. */
export class Functions {
  private readonly pools = new Map<string, FunctionPool>();
  private readonly arns = new Map<string, string>();
  private readonly events: AsyncInvocations;
  private readonly options: FunctionsOptions;

  constructor(options: FunctionsOptions) {
    this.options = options;
    this.events = new AsyncInvocations({
      invoke: (functionArn, payload) => this.invoke(functionArn, payload),
      delays: options.retryDelays ?? [1_000, 2_000],
      onGivenUp: (functionArn, reason) => options.onLine(nameOf(functionArn), `an event is given up: ${reason}`),
    });
  }

  add(spec: FunctionSpec): void {
    const { overrides = {}, roleVariables, onLine, mostPerFunction = 8, idleMilliseconds = 300_000 } = this.options;
    this.pools.set(
      spec.arn,
      new FunctionPool({
        spec,
        variables: () => variablesOf(spec, overrides, roleVariables(spec.roleArn, spec.name)),
        onLine: (line) => onLine(spec.name, line),
        most: mostPerFunction,
        idleMilliseconds,
      }),
    );
    this.arns.set(spec.name, spec.arn);
  }

  configureAsync(functionArn: string, settings: AsyncSettings): void {
    this.events.configure(functionArn, settings);
  }

  /** By name, ARN or partial ARN, with or without `$LATEST`. */
  find(nameOrArn: string): FunctionSpec | undefined {
    const arn = this.arns.get(nameOf(nameOrArn));
    return arn === undefined ? undefined : this.pools.get(arn)?.spec;
  }

  all(): readonly FunctionSpec[] {
    return [...this.pools.values()].map((pool) => pool.spec);
  }

  /** How many execution environments are loaded now. */
  get loaded(): number {
    return [...this.pools.values()].reduce((sum, pool) => sum + pool.size, 0);
  }

  /**
   * Invokes and waits (`RequestResponse`). A function that fails is an answer.
   *
   * @throws LambdaError when Lambda would refuse the call.
   */
  async invoke(functionArn: string, payload: string): Promise<OutcomeMessage> {
    const pool = this.pool(functionArn);
    check(payload, payloadBytes);
    const outcome = await pool.invoke(payload);
    this.letGo();
    if (outcome.kind === 'answer' && Buffer.byteLength(outcome.payload) > payloadBytes) {
      const errorMessage = `Response payload size exceeded maximum allowed payload size (${payloadBytes} bytes).`;
      return { kind: 'failure', error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage } };
    }
    return outcome;
  }

  /**
   * Invokes and does not wait (`Event`). Failures are tried again as the function's settings say.
   *
   * @throws LambdaError when Lambda would not take the event.
   */
  invokeLater(functionArn: string, payload: string): void {
    this.pool(functionArn);
    check(payload, eventBytes);
    this.events.add(functionArn, payload);
  }

  /** Resolves when no asynchronous invocation runs or waits. */
  settled(): Promise<void> {
    return this.events.settled();
  }

  /** Lets go of a function's idle environments, as a change of its configuration does: the next call starts anew. */
  async recycle(functionArn: string): Promise<void> {
    const pool = this.pool(functionArn);
    await Promise.all(pool.idle().map((environment) => pool.drop(environment)));
  }

  async close(): Promise<void> {
    this.events.close();
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
    await this.events.settled();
  }

  private pool(functionArn: string): FunctionPool {
    const pool = this.pools.get(functionArn);
    if (pool !== undefined) return pool;
    throw new LambdaError('ResourceNotFoundException', `Function not found: ${functionArn}`);
  }

  /** Nobody waits for an environment's end. */
  private letGo(): void {
    const surplus = this.loaded - (this.options.mostLoaded ?? 12);
    if (surplus <= 0) return;
    const idle = [...this.pools.values()].flatMap((pool) => pool.idle().map((environment) => ({ pool, environment })));
    idle.sort((a, b) => a.environment.usedAt - b.environment.usedAt);
    for (const { pool, environment } of idle.slice(0, surplus)) void pool.drop(environment);
  }
}

function nameOf(nameOrArn: string): string {
  const form = /^(?:arn:[^:]+:lambda:[^:]*:|)(?:\d{12}:)?(?:function:)?([\w-]+)(?::\$LATEST)?$/;
  return form.exec(nameOrArn)?.[1] ?? nameOrArn;
}

function check(payload: string, most: number): void {
  const size = Buffer.byteLength(payload);
  if (size > most) {
    const message = `${size} byte payload is too large for the operation (limit ${most} bytes)`;
    throw new LambdaError('RequestTooLargeException', message);
  }
  try {
    JSON.parse(payload);
  } catch {
    throw new LambdaError('InvalidRequestContentException', 'Could not parse request body into json');
  }
}
