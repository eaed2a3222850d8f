import type { Duplex } from 'node:stream';
import type { KexInit } from 'ssh2/lib/protocol/kex.js';
import type Protocol from 'ssh2/lib/protocol/Protocol.js';
import { hostKeyAlgorithmsOf, serverOffer } from './algorithms.ts';
import type { KeyPair } from './keys.ts';
import { defaultLinkLimits } from './link.ts';
import { ServerConnection } from './server-connection.ts';
import type { From, SshServerLimits, SshServerOptions } from './server-options.ts';
import { identificationOf } from './transport.ts';

export const defaultServerLimits: SshServerLimits = {
  ...defaultLinkLimits,
  loginGraceMilliseconds: 20_000,
  maximumChannels: 1000,
  maximumForwards: 100,
  decisionMilliseconds: 30_000,
  initialWindow: 64 * 1024,
  maximumWindow: 16 * 1024 * 1024,
};

export interface SshServer {
  /** Takes a connected socket, of which nothing of SSH has been read. `from` is the client's own address. */
  accept(socket: Duplex, from: From): void;
  /** Connections, logged in or not. */
  readonly connections: number;
  readonly sessions: number;
  /** Refuses new connections from now on. */
  stopAccepting(): void;
  /** Ends every connection with that message, and resolves when all have ended. */
  close(message: string): Promise<void>;
}

/** An SSH server that lets public keys in and then offers only what a session's handlers offer. */
export const createSshServer = (options: SshServerOptions): SshServer => {
  if (!/^[A-Za-z0-9]{1,64}$/.test(options.serverId)) throw new RangeError('a server id has letters and digits only');
  const limits = { ...defaultServerLimits, ...options.limits };
  const identityNow = createIdentity(options);
  const identification = identificationOf(`Sallyport_${options.serverId}`);
  const { maximumChannels, initialWindow: initial, maximumWindow: maximum } = limits;
  const muxLimits = { maximumChannels, window: { initial, maximum, budget: options.windowBudget } };
  const open = new Set<ServerConnection>();
  let accepting = true;

  const accept = (socket: Duplex, from: From) => {
    const entry = accepting
      ? options.unauthenticated.enter(from.address)
      : { entered: false as const, full: 'closing' };
    if (!entry.entered) {
      options.onEvent({ kind: 'connection_refused', from, why: entry.full });
      socket.on('error', () => undefined).destroy();
      return;
    }
    const connection = new ServerConnection(socket, {
      ...{ options, limits, muxLimits, identification, ...identityNow(), from },
      leave: entry.leave,
      onClosed: () => open.delete(connection),
    });
    open.add(connection);
    connection.start();
  };

  return {
    accept,
    get connections() {
      return open.size;
    },
    get sessions() {
      let count = 0;
      for (const { session } of open) if (session !== undefined) count += 1;
      return count;
    },
    stopAccepting() {
      accepting = false;
    },
    async close(message) {
      accepting = false;
      const all = [...open];
      for (const connection of all) connection.end(message);
      await Promise.all(all.map(({ closed }) => closed));
    },
  };
};

type Identity = {
  readonly hostKeys: Readonly<Record<string, Protocol.HostKey>>;
  readonly offer: KexInit;
  readonly served: readonly KeyPair[];
};

/** What a new connection shows, made anew only when the keys are others. */
const createIdentity = ({ hostKeys, keyExchanges }: SshServerOptions): (() => Identity) => {
  const keysNow = typeof hostKeys === 'function' ? hostKeys : () => hostKeys;
  const identityOf = (keys: readonly KeyPair[]): Identity => ({
    hostKeys: hostKeyTable(keys),
    offer: serverOffer(
      keys.map((key) => key.publicKey.type),
      keyExchanges,
    ),
    served: keys,
  });
  let keys = keysNow();
  let identity = identityOf(keys);
  return () => {
    const now = keysNow();
    if (now !== keys) {
      identity = identityOf(now);
      keys = now;
    }
    return identity;
  };
};

/** Throws RangeError for what no server could show. */
export const hostKeyTable = (keys: readonly KeyPair[]): Readonly<Record<string, Protocol.HostKey>> => {
  if (keys.length === 0) throw new RangeError('an SSH server needs a host key');
  const table: Record<string, Protocol.HostKey> = {};
  for (const key of keys) {
    const { type, blob } = key.publicKey;
    for (const algorithm of hostKeyAlgorithmsOf(type)) {
      if (Object.hasOwn(table, algorithm)) throw new RangeError(`two host keys of type ${type}`);
      table[algorithm] = { type, getPublicSSH: () => blob, sign: (data, hash) => key.sign(data, hash) };
    }
  }
  return table;
};
