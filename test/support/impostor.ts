import { generateEd25519 } from '../../adapters/ssh/keys.ts';
import { WindowBudget } from '../../adapters/ssh/receive-window.ts';
import { createSshServer } from '../../adapters/ssh/server.ts';
import type { LocalSystem } from '../../local/system/system.ts';
import { listen } from '../../net/listen.ts';
import { readProxyHeader } from '../../net/peek.ts';
import { PerAddressLimit } from '../../net/per-address-limit.ts';
import { systemTimers } from '../../net/timer-wheel.ts';

const host = '127.0.0.1';

export interface Impostor {
  /** How many reached it, and who offered it a key. */
  readonly connections: () => number;
  readonly offered: readonly string[];
  /** The load balancer has the real relays again. */
  leave(): Promise<void>;
}

/** A relay of somebody else, with a host key of its own, where the load balancer has its relays. */
export async function takeRelaysPlace({ dataPlane }: LocalSystem): Promise<Impostor> {
  const offered: string[] = [];
  let connections = 0;
  const ssh = createSshServer({
    serverId: 'raaaaaaaaa',
    hostKeys: [generateEd25519()],
    authorize: async ({ user }) => offered.push(user) > 0,
    onSession: () => undefined,
    onEvent: () => undefined,
    unauthenticated: new PerAddressLimit({ total: 10, perAddress: 10 }),
    timers: systemTimers,
    windowBudget: new WindowBudget(1024 * 1024),
  });
  const listener = await listen({
    host,
    port: 0,
    purpose: 'the impostor',
    onConnection: (socket) => {
      connections += 1;
      const from = { address: host, port: 0 };
      void readProxyHeader(socket, { timeoutMilliseconds: 5_000 }).then(() => ssh.accept(socket, from));
    },
  });
  const child = {
    name: 'impostor',
    pid: process.pid,
    ready: { port: listener.port },
    exited: new Promise<string>(() => undefined),
    running: true,
    kill: () => undefined,
    stop: async () => undefined,
  };
  const relays = dataPlane.relays.splice(0, dataPlane.relays.length, { host, child });
  return {
    connections: () => connections,
    offered,
    async leave() {
      dataPlane.relays.splice(0, dataPlane.relays.length, ...relays);
      await ssh.close('gone');
      await listener.close();
    },
  };
}
