import { decideEntry, type Entry } from '../core/model/entry.ts';
import { type Operator, principalsOf } from '../core/model/operator.ts';
import type { Tunnel } from '../core/model/tunnel.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Devices } from '../core/ports/devices.ts';
import type { Grants } from '../core/ports/grants.ts';
import { createFreshCache } from './fresh-cache.ts';

const decisionMilliseconds = 5_000;

/** Who may connect. A decision is at most 5 s old and never stale: a table that does not answer means no (DESIGN 2.7). */
export const createDecisions = (ports: {
  readonly devices: Devices;
  readonly grants: Grants;
  readonly clock: Clock;
}) => {
  let generation = 0;
  const asked = new Map<string, { readonly operator: Operator; readonly tunnel: Tunnel }>();
  const facts = createFreshCache<Entry>({
    milliseconds: decisionMilliseconds,
    staleMilliseconds: 0,
    max: 20_000,
    async load(key) {
      const question = asked.get(key);
      if (question === undefined) return undefined;
      const { operator, tunnel } = question;
      const [device, grants] = await Promise.all([
        ports.devices.get(tunnel.device),
        ports.grants.of(principalsOf(operator)),
      ]);
      return decideEntry({ operator, tunnel, device, grants, now: ports.clock.now() });
    },
  });

  return {
    async decide(operator: Operator, tunnel: Tunnel): Promise<Entry> {
      // The groups belong to the key: another sign-in is another question.
      const key = JSON.stringify([tunnel.id, tunnel.epoch, operator.id, [...operator.groups].sort()]);
      asked.set(key, { operator, tunnel });
      try {
        const entry = await facts.get(key);
        if (entry === undefined) return { ok: false, code: 'unavailable' };
        // The tunnel's own end is compared at each use, whatever was decided a moment ago.
        return entry.ok && ports.clock.now() >= tunnel.endsAt ? { ok: false, code: 'tunnel_closed' } : entry;
      } finally {
        asked.delete(key);
      }
    },
    /** Raised whenever something narrows: a decision of an earlier generation must be made again before anybody passes. */
    get generation(): number {
      return generation;
    },
    /** Something narrowed: nobody may pass on an old answer. */
    forgetAll(): void {
      generation += 1;
      facts.forgetAll();
    },
  };
};
export type Decisions = ReturnType<typeof createDecisions>;
