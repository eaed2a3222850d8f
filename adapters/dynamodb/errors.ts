import { SallyportError } from '../../core/errors.ts';

/** Failures that another attempt may mend, after the client's own attempts were used up. */
const passing = new Set([
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TransactionInProgressException',
]);
const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

const statusOf = (error: Error): number => {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0;
};

const isPassing = (error: Error): boolean =>
  passing.has(error.name) ||
  statusOf(error) >= 500 ||
  ('code' in error && typeof error.code === 'string' && network.has(error.code));

/** The one translation: what may pass becomes `unavailable`; a missing permission or a fault of ours stays as it is. */
export const translated = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && isPassing(error)) throw new SallyportError('unavailable', { cause: error });
    throw error;
  }
};

export const isNamed = (error: unknown, name: string): error is Error => error instanceof Error && error.name === name;
