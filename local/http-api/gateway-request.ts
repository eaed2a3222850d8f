import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { GatewayRefusal } from './gateway-refusal.ts';

/** A request as it came, read whole. */
export interface GatewayRequest {
  readonly id: string;
  readonly method: string;
  /** Percent-encoded, as it was sent. */
  readonly path: string;
  readonly query: string;
  /** Lower-case names; several values are joined by commas, as API Gateway hands them over. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
  readonly sourceIp: string;
  readonly protocol: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** API Gateway's quota on a request. */
const bodyBytes = 10 * 1024 * 1024;

/** @throws GatewayRefusal 413 when the body is larger than API Gateway takes. */
export async function readRequest(message: IncomingMessage): Promise<GatewayRequest> {
  const [path = '/', query = ''] = (message.url ?? '/').split(/\?(.*)/s);
  const { cookie, ...others } = message.headers;
  const headers = Object.entries(others).map(([name, value]) => [name, [value ?? ''].flat().join(',')]);
  return {
    id: randomUUID(),
    method: message.method ?? 'GET',
    path,
    query,
    headers: Object.fromEntries(headers),
    cookies: cookie === undefined ? [] : cookie.split(/;\s*/),
    body: await readBody(message),
    sourceIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    protocol: `HTTP/${message.httpVersion}`,
    at: Date.now(),
  };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyBytes) throw new GatewayRefusal(413, 'the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
