import { type ClaimDecisions, claimDecisions, createMemoryPortClaims } from '../../adapters/memory/port-claims.ts';
import { createMemoryTunnels, type TunnelDecisions, tunnelDecisions } from '../../adapters/memory/tunnels.ts';
import { claimKeepMilliseconds, type PortClaim } from '../../core/model/port-claim.ts';
import { keepMilliseconds, type Tunnel } from '../../core/model/tunnel.ts';
import { type Actor, gate } from './actors.ts';
import type { Store } from './ledger-world.ts';

/** Every call of a port waits at the gate. */
const gated = <Port extends object>(port: Port, pass: (call: () => Promise<unknown>) => Promise<unknown>): Port => {
  const calls = Object.entries(port) as [string, (...parts: readonly unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    calls.map(([name, call]) => [name, (...parts: unknown[]) => pass(() => call(...parts))]),
  ) as Port;
};

/** The memory adapters with these decisions; wrong ones show what the schedules find. */
export const createMemoryStore = (decisions: Partial<TunnelDecisions & ClaimDecisions> = {}): Store => {
  const tunnelRows = new Map<string, Tunnel>();
  const claimRows = new Map<string, PortClaim>();
  const tunnels = createMemoryTunnels({ ...tunnelDecisions, ...decisions }, tunnelRows);
  const claims = createMemoryPortClaims({ ...claimDecisions, ...decisions }, claimRows);

  return {
    forActor: <Intent>(actor: Actor<Intent>, now: () => number) => {
      const pass = (call: () => Promise<unknown>) => gate(actor, now, call);
      return { tunnels: gated(tunnels, pass), claims: gated(claims, pass) };
    },
    create: tunnels.create,
    state: async () => ({ tunnels: new Map(tunnelRows), claims: new Map(claimRows) }),
    expire: async (now) => {
      for (const row of [...tunnelRows.values()]) if (now > row.endsAt + keepMilliseconds) tunnelRows.delete(row.id);
      for (const [key, row] of [...claimRows]) if (now > row.restUntil + claimKeepMilliseconds) claimRows.delete(key);
    },
  };
};
