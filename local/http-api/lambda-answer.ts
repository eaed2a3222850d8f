import { GatewayRefusal } from './gateway-refusal.ts';

/** What goes back to the client. */
export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/**
 * What API Gateway makes of a function's answer in format 2.0: without `statusCode` the whole is the body, as JSON.
 *
 * @throws GatewayRefusal 500 for an answer that is none.
 */
export function gatewayAnswer(payload: string): GatewayAnswer {
  const answer: unknown = JSON.parse(payload);
  if (!isRecord(answer) || !('statusCode' in answer)) {
    const body = typeof answer === 'string' ? answer : payload;
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const status = Number(answer.statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) throw malformed('statusCode');
  const { headers = {}, body = '', cookies = [] } = answer;
  if (!isRecord(headers) || typeof body !== 'string' || !Array.isArray(cookies))
    throw malformed('headers, body or cookies');
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  return {
    status,
    headers: {
      // API Gateway's own, where the function names none.
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(named),
      ...(cookies.length === 0 ? {} : { 'set-cookie': cookies.map(String) }),
    },
    body: Buffer.from(body, answer.isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const malformed = (part: string) => new GatewayRefusal(500, `the function's answer has no usable ${part}`);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
