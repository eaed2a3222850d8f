import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A device's web page, which tells what it was asked for, and the frames of an upgrade. */
export const startWebService = async (dress: (response: ServerResponse) => void = () => undefined) => {
  const seen: IncomingMessage[] = [];
  const service = createServer((request, response) => {
    seen.push(request);
    dress(response);
    request.resume().on('end', () => response.end(`you asked for ${request.url}\n`));
  });
  service.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nframes'),
  );
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  return { seen, port: (service.address() as AddressInfo).port, close: () => void service.close() };
};
export type WebService = Awaited<ReturnType<typeof startWebService>>;
