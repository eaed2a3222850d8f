import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export type LoopbackServer = {
  readonly url: string;
  readonly port: number;
  /** Ends what is open and frees the port. May be called more than once. */
  close(): Promise<void>;
};

/** Serves HTTP on 127.0.0.1, on any free port unless one is given. Rejects when the port is taken. */
export const serveLoopback = async (listener: RequestListener, port = 0): Promise<LoopbackServer> => {
  const server = createServer(listener);
  // SDK clients keep connections for long; closing one they are about to use again would look like a fault.
  server.keepAliveTimeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: given } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${given}`,
    port: given,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
