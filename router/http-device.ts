import { type Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { SallyportError } from '../core/errors.ts';
import type { Credential } from './http-credential.ts';
import { headersToDevice, headersToOperator } from './http-headers.ts';

/** Passes one request on and its reply back. The agent opens the stream to the device. */
export const passRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  options: { readonly agent: Agent; readonly credential: Credential; readonly source: string },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const onward = httpRequest({
      agent: options.agent,
      method: request.method,
      path: request.url,
      headers: headersToDevice(request, options.credential, options.source),
      setHost: false,
    });
    onward.once('error', (cause) => {
      if (response.headersSent) response.destroy();
      reject(
        cause instanceof SallyportError
          ? cause
          : new SallyportError('device_failed', { detail: 'the service did not answer', cause }),
      );
    });
    onward.once('response', (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.statusMessage, headersToOperator(reply));
      pipeline(reply, response, () => resolve());
    });
    response.once('close', () => onward.destroy());
    pipeline(request, onward, () => undefined);
  });

/** The head of an upgrade (WebSocket) as it goes to the device; everything after it is bytes. */
export const upgradeHead = (request: IncomingMessage, credential: Credential, source: string): Buffer => {
  const headers = {
    ...headersToDevice(request, credential, source),
    connection: 'Upgrade',
    upgrade: request.headers.upgrade,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => (one === undefined ? '' : `${name}: ${one}\r\n`)),
  );
  return Buffer.from(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
};

export const replyBytes = (socket: Duplex, status: number, body: string): void => {
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
};
