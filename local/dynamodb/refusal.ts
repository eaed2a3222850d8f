/** What a caller gets back: an HTTP status and a JSON body. */
export type Answer = { readonly status: number; readonly body: unknown };

const types = {
  UnknownOperationException: 'com.amazon.coral.service#UnknownOperationException',
  SerializationException: 'com.amazon.coral.service#SerializationException',
  ValidationException: 'com.amazon.coral.validate#ValidationException',
  ResourceNotFoundException: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  ResourceInUseException: 'com.amazonaws.dynamodb.v20120810#ResourceInUseException',
  TransactionCanceledException: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
  IdempotentParameterMismatchException: 'com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException',
  InternalServerError: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
} as const;

export type RefusalType = keyof typeof types;

/** A request that DynamoDB refuses; it has the same two fields as dynalite's own failures. */
export class Refusal extends Error {
  readonly statusCode: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(type: RefusalType, message?: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(message ?? type);
    this.statusCode = type === 'InternalServerError' ? 500 : 400;
    this.body = { __type: types[type], ...(message === undefined ? {} : { message }), ...fields };
  }
}

export type Failure = { readonly statusCode: number; readonly body: Readonly<Record<string, unknown>> };

/** True for a refusal, ours or dynalite's; false for a fault of the stand-in itself. */
export const isFailure = (error: unknown): error is Failure =>
  error instanceof Error && 'statusCode' in error && 'body' in error && typeof error.statusCode === 'number';

/** The exception's short name, e.g. `ConditionalCheckFailedException`. */
export const failureType = (failure: Failure): string => String(failure.body.__type).replace(/^.*#/, '');

/** dynalite writes `message` or, for serialization, `Message`. */
export const failureMessage = (failure: Failure): string => String(failure.body.message ?? failure.body.Message ?? '');

export const answerOf = (error: unknown): Answer => {
  if (isFailure(error)) return { status: error.statusCode, body: error.body };
  const detail = error instanceof Error ? error.message : String(error);
  const fault = new Refusal('InternalServerError', `The DynamoDB stand-in failed: ${detail}`);
  return { status: fault.statusCode, body: fault.body };
};
