/** What the runtime in the worker is started with. */
export interface RuntimeStart {
  /** URL of the module. */
  readonly module: string;
  readonly export: string;
}

/** One invocation, from the pool to the runtime. */
export interface InvocationMessage {
  readonly payload: string;
  readonly context: InvocationContext;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

export interface InvocationContext {
  readonly functionName: string;
  readonly functionVersion: '$LATEST';
  readonly invokedFunctionArn: string;
  readonly memoryLimitInMB: string;
  readonly awsRequestId: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** What came of it, from the runtime to the pool. */
export type OutcomeMessage =
  | { readonly kind: 'answer'; readonly payload: string }
  | { readonly kind: 'failure'; readonly error: FunctionFailure };

/** The error document that Lambda answers for a function that failed. */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}
