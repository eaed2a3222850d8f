import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Bearer } from './http-bearer.ts';

/** RFC 9110 7.6.1: they speak of one connection, and ours to the device is another. */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** What only we may say of the client. */
const ours = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'sallyport-token'];

const withoutHops = (headers: IncomingMessage['headers']): OutgoingHttpHeaders => {
  const named = (headers.connection ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const dropped = new Set([...hopByHop, ...named]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
};

/** A request's headers as the device sees them: never the operator's token. */
export const headersToDevice = (request: IncomingMessage, bearer: Bearer, source: string): OutgoingHttpHeaders => {
  const headers = withoutHops(request.headers);
  for (const name of ours) delete headers[name];
  if (bearer.header === 'authorization') delete headers.authorization;
  return {
    ...headers,
    'x-forwarded-for': source,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': request.headers.host,
  };
};

export const headersToOperator = (reply: IncomingMessage): OutgoingHttpHeaders => withoutHops(reply.headers);
