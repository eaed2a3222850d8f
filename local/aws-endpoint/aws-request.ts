import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';

/** An HTTP request as it was sent: the path still percent-encoded, names of headers in lower case. */
export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  /** The first value of each parameter. */
  readonly query: Readonly<Record<string, string>>;
  /** All values of each parameter, for the signature. */
  readonly queryValues: Readonly<Record<string, string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** DynamoDB's limit, the largest of the services here. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Reads a whole request. Refuses bodies over 16 MiB. */
export async function readRequest(message: IncomingMessage): Promise<AwsRequest> {
  const [path = '/', search = ''] = splitOnce(message.url ?? '/', '?');
  const queryValues = parseQuery(search);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  return {
    method: message.method ?? 'GET',
    path,
    query: Object.fromEntries(Object.entries(queryValues).map(([name, [first = '']]) => [name, first])),
    queryValues,
    headers,
    body: await readBody(message),
  };
}

/** Reads a JSON object from the body; an empty body is an empty object. */
export function jsonBody(request: AwsRequest): Record<string, unknown> {
  if (request.body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON', 400);
  }
  if (isRecord(value)) return value;
  throw new AwsError('SerializationException', 'the body is not a JSON object', 400);
}

/** The operation that a JSON protocol names in its header, e.g. `GetItem` of `DynamoDB_20120810.GetItem`. */
export function targetOperation(request: AwsRequest, prefix: string): string {
  const target = request.headers['x-amz-target'] ?? '';
  if (target.startsWith(`${prefix}.`)) return target.slice(prefix.length + 1);
  throw new AwsError('UnknownOperationException', 'the operation is not known', 400);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new AwsError('RequestEntityTooLargeException', `the body is larger than ${MAX_BODY_BYTES} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function parseQuery(search: string): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null);
  for (const pair of search === '' ? [] : search.split('&')) {
    const [name = '', value = ''] = splitOnce(pair, '=').map(decode);
    values[name] = [...(values[name] ?? []), value];
  }
  return values;
}

/** Undoes percent-encoding. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidRequestException', 'the address is not percent-encoded', 400);
  }
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
