import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { generateEd25519, type KeyPair } from '../../../adapters/ssh/keys.ts';
import { WindowBudget } from '../../../adapters/ssh/receive-window.ts';
import { createSshServer, type SshServer } from '../../../adapters/ssh/server.ts';
import type { SshServerEvent, SshServerOptions } from '../../../adapters/ssh/server-options.ts';
import type { ServerSession } from '../../../adapters/ssh/server-session.ts';
import { type Listener, listen } from '../../../net/listen.ts';
import { PerAddressLimit } from '../../../net/per-address-limit.ts';
import { TimerWheel } from '../../../net/timer-wheel.ts';

export const hostKey = generateEd25519();
export const clientKey = generateEd25519();

export type EventOf<K extends SshServerEvent['kind']> = Extract<SshServerEvent, { kind: K }>;

/** A server on a port of its own, what it reported, and ways to wait for what it will report. */
export interface TestServer {
  readonly server: SshServer;
  readonly port: number;
  readonly events: readonly SshServerEvent[];
  readonly budget: WindowBudget;
  /** The next session, or one that nobody has taken yet. */
  session(): Promise<ServerSession>;
  /** The first event of that kind, past or future, that fits. */
  event<K extends SshServerEvent['kind']>(kind: K, fits?: (event: EventOf<K>) => boolean): Promise<EventOf<K>>;
  readonly listener: Listener;
  close(): Promise<void>;
}

export interface TestServerOptions extends Partial<Omit<SshServerOptions, 'onSession' | 'onEvent'>> {
  readonly onSession?: (session: ServerSession) => void;
  readonly onSocket?: (socket: Socket) => void;
}

export const startServer = async (options: TestServerOptions = {}): Promise<TestServer> => {
  const events: SshServerEvent[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  const sessions: ServerSession[] = [];
  const budget = options.windowBudget ?? new WindowBudget(64 * 1024 * 1024);
  const server = createSshServer({
    serverId: 'rabcdefghi',
    hostKeys: [hostKey],
    authorize: async ({ key }) => key.base64 === clientKey.publicKey.base64,
    unauthenticated: new PerAddressLimit({ total: 100, perAddress: 50 }),
    timers: new TimerWheel({ tickMilliseconds: 10 }),
    windowBudget: budget,
    ...options,
    onSession: (session) => {
      options.onSession?.(session);
      sessions.push(session);
      news.emit('session');
    },
    onEvent: (event) => {
      events.push(event);
      news.emit('event', event);
    },
  });
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    onConnection: (socket) => {
      options.onSocket?.(socket);
      server.accept(socket, { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
    },
  });
  return {
    ...{ server, events, budget, listener, port: listener.port },
    async session() {
      while (sessions.length === 0) await once(news, 'session');
      const [session] = sessions.splice(0, 1);
      if (session === undefined) throw new Error('no session');
      return session;
    },
    async event<K extends SshServerEvent['kind']>(kind: K, fits: (event: EventOf<K>) => boolean = () => true) {
      const match = (event: SshServerEvent): event is EventOf<K> => event.kind === kind && fits(event as EventOf<K>);
      let seen = 0;
      for (;;) {
        for (; seen < events.length; seen += 1) {
          const event = events[seen];
          if (event !== undefined && match(event)) return event;
        }
        await once(news, 'event');
      }
    },
    async close() {
      listener.stopAccepting();
      await server.close('test over');
      await listener.close();
    },
  };
};

/** Answers a forward request with that port, and any further one with the next. */
export const grant = (session: ServerSession, port = 5000) => {
  let next = port;
  session.onForwardRequest(async ({ bindPort }) => {
    const given = bindPort === 0 ? next : bindPort;
    next += 1;
    return { accept: true, port: given };
  });
};

export const forwardedTo = (session: ServerSession, wireAddress: string, wirePort: number): Promise<Duplex> =>
  session.openForwarded({
    ...{ wireAddress, wirePort, originAddress: '192.0.2.9', originPort: 40_000 },
    timeoutMilliseconds: 10_000,
  });

/** A directory with key files, gone when the test is over. */
export const keyDirectory = () => {
  const directory = mkdtempSync(join(tmpdir(), 'ssh-test-'));
  return {
    path: (name: string) => join(directory, name),
    write: (name: string, key: KeyPair) => {
      writeFileSync(join(directory, name), key.openSshPrivate('test'), { mode: 0o600 });
      return join(directory, name);
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
};

export interface Running {
  readonly process: ChildProcess;
  /** Both outputs so far. */
  output(): string;
  /** Resolves when the output has that text. */
  says(text: string | RegExp): Promise<void>;
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

export const run = (
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): Running => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...options.env } });
  const news = new EventEmitter().setMaxListeners(0);
  let output = '';
  let over = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
      news.emit('output');
    });
  }
  child.stdin.on('error', () => undefined);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      over = true;
      news.emit('output');
      resolve(code);
    });
  });
  return {
    process: child,
    output: () => output,
    exited,
    async says(text) {
      const has = () => (typeof text === 'string' ? output.includes(text) : text.test(output));
      while (!has()) {
        if (over) throw new Error(`${command} ended without saying ${text}: ${output}`);
        await once(news, 'output');
      }
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
};

export const sshArgs = (port: number, identity: string): string[] => [
  ...['-F', '/dev/null', '-p', String(port), '-i', identity, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
  ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=INFO'],
];

/** A TCP service that answers each connection with `serve`. */
export const startService = (serve: (socket: Socket) => void) =>
  listen({ host: '127.0.0.1', port: 0, onConnection: serve });

export const dial = async (port: number, allowHalfOpen = true): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};

/** Everything until the end, without destroying the stream as `for await` would. */
export const readAll = (stream: Duplex): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
  });
