import { SallyportError } from '../../core/errors.ts';
import type { EventHub } from '../../core/events.ts';
import { harmless } from '../../core/model/text.ts';

const describe = (error: unknown, length: number): string =>
  error instanceof Error ? harmless(`${error.name}: ${error.message}`, length) : harmless(error, length);

/** One log line for what went wrong here. Refusals are not failures: the audit log and the metrics know them. */
export const logFailure = (hub: EventHub, error: unknown): void => {
  const known = error instanceof SallyportError;
  if (known && error.status < 500) return;
  hub.metrics.count('failures', 1);
  const cause = error instanceof Error && error.cause !== undefined ? describe(error.cause, 400) : undefined;
  const stack = known || !(error instanceof Error) ? undefined : harmless(error.stack, 1_500);
  const code = known ? error.code : 'internal';
  hub.log(known ? 'warn' : 'error', 'request.failed', { code, error: describe(error, 400), cause, stack });
};
