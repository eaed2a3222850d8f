import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { cookiesOfDevice, withoutOurs } from './http-cookies.ts';
import type { Credential } from './http-credential.ts';

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

/** A request's headers as the device sees them: never what shows who the operator is to us. */
export const headersToDevice = (
  request: IncomingMessage,
  credential: Credential,
  source: string,
): OutgoingHttpHeaders => {
  const headers = withoutHops(request.headers);
  for (const name of ours) delete headers[name];
  if (credential.header === 'authorization') delete headers.authorization;
  const cookie = withoutOurs(request.headers.cookie ?? '');
  if (cookie === undefined) delete headers.cookie;
  return {
    ...headers,
    ...(cookie === undefined ? {} : { cookie }),
    'x-forwarded-for': source,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': request.headers.host,
  };
};

/** A reply's headers as the operator sees them. */
export const headersToOperator = (reply: IncomingMessage): OutgoingHttpHeaders => {
  const { 'set-cookie': cookies, ...headers } = withoutHops(reply.headers);
  return cookies === undefined
    ? headers
    : { ...headers, 'set-cookie': [...cookiesOfDevice([cookies].flat().map(String))] };
};
