/** A call that Lambda refuses before the function runs, with the status and words of its API. */
export class LambdaError extends Error {
  readonly code:
    | 'ResourceNotFoundException'
    | 'TooManyRequestsException'
    | 'RequestTooLargeException'
    | 'InvalidRequestContentException'
    | 'ServiceException';
  readonly status: number;

  constructor(code: LambdaError['code'], message: string) {
    super(message);
    this.name = 'LambdaError';
    this.code = code;
    this.status = statuses[code];
  }
}

const statuses = {
  ResourceNotFoundException: 404,
  TooManyRequestsException: 429,
  RequestTooLargeException: 413,
  InvalidRequestContentException: 400,
  ServiceException: 500,
} as const;
