/** A function as its template describes it. */
export interface FunctionSpec {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  /** Where its bundled code is. */
  readonly directory: string;
  /** `<file without extension>.<export>` */
  readonly handler: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** At most so many invocations at once; more are throttled. 0 throttles all. */
  readonly reservedConcurrency?: number;
}

/** What becomes of an asynchronous invocation that fails (`AWS::Lambda::EventInvokeConfig`). */
export interface AsyncSettings {
  /** Tries after the first one, 0 to 2. */
  readonly retries: number;
  readonly maximumAgeSeconds: number;
}

export const defaultAsyncSettings: AsyncSettings = { retries: 2, maximumAgeSeconds: 21_600 };
