import { createServer, type ServerResponse } from 'node:http';
import { type Listener, listen } from './listen.ts';

/** Prometheus' text format, in the version that every scraper reads. */
const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** Scrapers and health checks come one at a time; whoever opens more has another purpose. */
const maxConnections = 16;
/** A request here is one line and a visit one request: whoever has not asked, or not read the answer, by then is let go. */
const visitMilliseconds = 5_000;

export interface AdminServerOptions {
  /** 127.0.0.1, or the one address from which metrics are fetched. It asks nobody who they are. */
  readonly host: string;
  /** 0 lets the kernel choose; the answer says which. */
  readonly port: number;
  /** All metrics as Prometheus text, made anew for each request. */
  readonly metrics: () => string;
}

export interface AdminServer {
  readonly port: number;
  /** Ends what is open and frees the port. May be called more than once. */
  close(): Promise<void>;
}

/**
 * What a long-lived process tells of itself: `GET /healthz` is "ok" for as long as its event loop turns, and nothing
 * more is meant by it, for ECS replaces what fails here: a lost table or a drain must not cut the streams that live.
 * `GET /metrics` is Prometheus text. Other paths are 404, other methods 405. Rejects with ListenError.
 */
export const startAdminServer = async (options: AdminServerOptions): Promise<AdminServer> => {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET') return answer(response, 405, 'only GET\n', { allow: 'GET' });
    if (path === '/healthz') return answer(response, 200, 'ok\n');
    if (path !== '/metrics') return answer(response, 404, 'only /healthz and /metrics\n');
    try {
      answer(response, 200, options.metrics(), { 'content-type': metricsType });
    } catch {
      answer(response, 500, 'the metrics could not be written\n');
    }
  });
  const listener: Listener = await listen({
    host: options.host,
    port: options.port,
    purpose: 'health and metrics',
    maxConnections,
    onConnection(socket) {
      // Of the whole visit, not of its pauses: one byte a second would otherwise stay for ever.
      const timer = setTimeout(() => socket.destroy(), visitMilliseconds);
      socket.once('close', () => clearTimeout(timer));
      server.emit('connection', socket);
    },
  });
  return { port: listener.port, close: () => listener.close() };
};

/** One answer a connection: a check that is kept open would hold up the end of the process. */
const answer = (
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close',
    ...headers,
  });
  response.end(body);
};
