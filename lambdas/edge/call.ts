import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { z } from 'zod';
import { SallyportError } from '../../core/errors.ts';
import { bodyBytes } from '../../core/wire/api.ts';
import { parse, parseJson } from '../../core/wire/parse.ts';
import { type Caller, callerOf } from './caller.ts';

/** One request to the API, read and bounded. What is read late throws late: who may not ask learns nothing of the body. */
export type Call = {
  readonly caller: Caller;
  /** Method and path template, e.g. `GET /v1/tunnels/{tunnel}`. */
  readonly route: string;
  /** The path as it was asked for. */
  readonly rawPath: string;
  readonly source: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** A parameter of the path template. */
  path(name: string): string;
  query<Schema extends z.ZodType>(schema: Schema): z.output<Schema>;
  body<Schema extends z.ZodType>(schema: Schema): z.output<Schema>;
  /** The JSON as it came. */
  json(): unknown;
};

/** Throws `unauthenticated`, and `invalid_request` for a bad header. */
export const callOf = (
  event: APIGatewayProxyEventV2,
  options: { readonly adminGroup: string | undefined; readonly now: number },
): Call => {
  const context: APIGatewayProxyEventV2['requestContext'] & { readonly authorizer?: unknown } = event.requestContext;
  let json: { readonly value: unknown } | undefined;
  const readJson = () => {
    json ??= { value: jsonOf(event) };
    return json.value;
  };
  return {
    caller: callerOf(context.authorizer, options),
    route: event.routeKey,
    rawPath: event.rawPath,
    source: context.http.sourceIp || undefined,
    idempotencyKey: idempotencyKeyOf(header(event, 'idempotency-key')),
    path: (name) => decoded(event.pathParameters?.[name] ?? '', name),
    query: (schema) => parse(schema, event.queryStringParameters ?? {}),
    body: (schema) => parse(schema, readJson()),
    json: readJson,
  };
};

const header = (event: APIGatewayProxyEventV2, name: string): string | undefined =>
  Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];

const idempotencyKeyOf = (value: string | undefined): string | undefined => {
  if (value === undefined || /^[\x20-\x7e]{1,128}$/.test(value)) return value;
  throw new SallyportError('invalid_request', { detail: 'Idempotency-Key is 1 to 128 printable ASCII characters' });
};

/** No name of ours holds `%`, so decoding what API Gateway left encoded can only help. */
const decoded = (value: string, name: string): string => {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new SallyportError('invalid_request', { pointer: `/${name}`, detail: 'not a path segment', cause });
  }
};

const jsonOf = (event: APIGatewayProxyEventV2): unknown => {
  const { body = '', isBase64Encoded } = event;
  // Before decoding: base-64 is a third longer.
  if (body.length > (isBase64Encoded ? bodyBytes * 1.5 : bodyBytes)) throw new SallyportError('too_large');
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > bodyBytes) throw new SallyportError('too_large');
  const type = header(event, 'content-type') ?? 'application/json';
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type))
    throw new SallyportError('invalid_request', { detail: 'send application/json' });
  return parseJson(textOf(bytes));
};

const textOf = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SallyportError('invalid_request', { pointer: '', detail: 'the body is not UTF-8', cause });
  }
};
