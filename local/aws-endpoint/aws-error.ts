/** An answer that says no, in AWS's words. Each protocol writes it in its own form. */
export class AwsError extends Error {
  /** The exception's name, as clients raise it. */
  readonly code: string;
  /** Undefined: what the service's protocol gives errors of the caller (400 for JSON, 403 for REST). */
  readonly status: number | undefined;

  constructor(code: string, message: string, status?: number) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

/** The connection shall end without an answer. */
export class ConnectionCut extends Error {
  constructor() {
    super('the connection is cut without an answer');
    this.name = 'ConnectionCut';
  }
}
