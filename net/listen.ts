import { createServer, type Server, type Socket } from 'node:net';

export interface ListenOptions {
  readonly host: string;
  /** 0 lets the kernel choose; the answer says which. */
  readonly port: number;
  /** Gets each socket with noDelay and keepalive set and with an 'error' listener, so that a reset cannot end the process. */
  readonly onConnection: (socket: Socket) => void;
  /** Beyond so many open connections new ones are dropped at once: descriptors are finite. Default: no limit. */
  readonly maxConnections?: number;
  readonly onDropped?: () => void;
  /** Waiting connections that the kernel keeps. Default 4096: a storm of devices must not meet refused SYNs. */
  readonly backlog?: number;
  /** What the address is for, named in errors: "the door". */
  readonly purpose?: string;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Stops accepting. What is open stays open. */
  stopAccepting(): void;
  /** Stops accepting, destroys what is open, and resolves when the port is free. May be called more than once. */
  close(): Promise<void>;
}

/** TCP keepalive on every socket, in milliseconds: well under the 350 s after which balancers and trackers forget flows. */
export const keepAliveMilliseconds = 60_000;

/** Why an address could not be had. `code` is the system's; the message names the address and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: string;

  constructor(options: ListenOptions, cause: NodeJS.ErrnoException) {
    const where = `${options.host}:${options.port}${options.purpose === undefined ? '' : ` (${options.purpose})`}`;
    super(`cannot listen on ${where}: ${advice(cause)}`, { cause });
    this.code = cause.code ?? 'UNKNOWN';
  }
}

const advice = (cause: NodeJS.ErrnoException): string => {
  switch (cause.code) {
    case 'EADDRINUSE':
      return 'the port is taken; stop what holds it, or choose another port';
    case 'EACCES':
      return 'not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, or choose a higher port';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address; choose one of its own';
    case 'ENOTFOUND':
      return 'the name has no address; give an IP address';
    case 'EMFILE':
    case 'ENFILE':
      return 'no file descriptors left; raise the limit (ulimit -n)';
    default:
      return cause.message;
  }
};

/**
 * Listens. Sockets are half-open (`allowHalfOpen`): whoever takes one ends it. Rejects with ListenError.
 */
export const listen = (options: ListenOptions): Promise<Listener> =>
  new Promise((resolve, reject) => {
    const open = new Set<Socket>();
    const server = createServer({
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMilliseconds,
    });
    if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
    server.on('drop', () => options.onDropped?.());
    server.on('connection', (socket) => {
      open.add(socket);
      socket.on('error', () => undefined).once('close', () => open.delete(socket));
      options.onConnection(socket);
    });
    const onError = (cause: NodeJS.ErrnoException) => reject(new ListenError(options, cause));
    server.once('error', onError);
    server.listen({ host: options.host, port: options.port, backlog: options.backlog ?? 4096 }, () => {
      server.off('error', onError);
      // Errors of accept (EMFILE) come here later: the listener lives on, the kernel keeps the connection waiting.
      server.on('error', () => undefined);
      resolve(listenerOf(server, options, open));
    });
  });

const listenerOf = (server: Server, options: ListenOptions, open: ReadonlySet<Socket>): Listener => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  const stopAccepting = () => {
    if (server.listening) server.close();
  };
  return {
    host: options.host,
    port,
    get connections() {
      return open.size;
    },
    stopAccepting,
    close() {
      stopAccepting();
      for (const socket of open) socket.destroy();
      return closed;
    },
  };
};
