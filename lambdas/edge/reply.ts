import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type ErrorCode, problemOf } from '../../core/errors.ts';

/** `body` is left out for 204. */
export type Answer = { readonly status: number; readonly body?: unknown };

/** Nothing here is for a cache: every answer is one operator's, at one moment. */
const common = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** Seconds after which trying again is worth it; 5 for the other errors that a retry can help. */
const retrySeconds: Readonly<Partial<Record<ErrorCode, number>>> = {
  in_progress: 1,
  busy: 1,
  too_many_waits: 2,
  quota_exceeded: 30,
  device_offline: 30,
  device_silent: 60,
};

export const replyOf = ({ status, body }: Answer): APIGatewayProxyStructuredResultV2 =>
  body === undefined
    ? { statusCode: status, headers: { ...common } }
    : {
        statusCode: status,
        headers: { ...common, 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(body),
      };

/** RFC 9457. */
export const problemReply = (error: unknown): APIGatewayProxyStructuredResultV2 => {
  const problem = problemOf(error);
  return {
    statusCode: problem.status,
    headers: {
      ...common,
      'content-type': 'application/problem+json; charset=utf-8',
      ...(problem.retry ? { 'retry-after': String(retrySeconds[problem.code] ?? 5) } : {}),
    },
    body: JSON.stringify(problem),
  };
};
