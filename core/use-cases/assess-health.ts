import { bucketCount } from '../names.ts';
import type { Clock } from '../ports/clock.ts';
import type { Relays } from '../ports/relays.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import { isAlive } from '../wire/relay-view.ts';

/** 2 is well, 1 wants a look, 0 is an outage. */
export type Health = { readonly status: 0 | 1 | 2; readonly reasons: readonly string[] };

/** The sweep comes each minute; what is due for three is not being swept. */
const backlogMilliseconds = 3 * 60_000;
/** A relay is planned for 16,000 tunnels (DESIGN 8); new ones should start well before. */
const fullTunnels = 12_800;

/** Health as one number with its reasons. A part that cannot be read is an outage, and the reason says which. */
export const assessHealth = async (ports: {
  readonly relays: Pick<Relays, 'list' | 'sightings'>;
  readonly tunnels: Pick<Tunnels, 'listDue'>;
  readonly clock: Clock;
}): Promise<Health> => {
  const [relays, overdue] = await Promise.allSettled([findingsOfRelays(ports), isBehind(ports)]);
  const outages: string[] = [];
  const warnings: string[] = [];
  if (relays.status === 'rejected') outages.push('the registry of relays cannot be read');
  else {
    outages.push(...relays.value.outages);
    warnings.push(...relays.value.warnings);
  }
  if (overdue.status === 'rejected') outages.push('the table of tunnels cannot be read');
  else if (overdue.value) warnings.push('tunnels are overdue for three minutes: the sweep is behind');
  const reasons = [...outages, ...warnings];
  return { status: outages.length > 0 ? 0 : warnings.length > 0 ? 1 : 2, reasons };
};

const findingsOfRelays = async (ports: Pick<Parameters<typeof assessHealth>[0], 'relays' | 'clock'>) => {
  const [relays, sightings] = await Promise.all([ports.relays.list(), ports.relays.sightings()]);
  const now = ports.clock.now();
  const serving = relays.filter((relay) => isAlive(relay, sightings.get(relay.serverId), now) && !relay.draining);
  const full = serving.filter((relay) => relay.load.tunnels >= fullTunnels).map((relay) => relay.serverId);
  if (serving.length === 0) return { outages: ['no relay is alive'], warnings: [] };
  return {
    outages: [],
    warnings: [
      ...(serving.length === 1 ? ['only one relay is alive'] : []),
      ...(full.length === 0 ? [] : [`relays nearly full: ${full.slice(0, 5).join(' ')}`]),
    ],
  };
};

const isBehind = async (ports: Pick<Parameters<typeof assessHealth>[0], 'tunnels' | 'clock'>): Promise<boolean> => {
  const before = ports.clock.now() - backlogMilliseconds;
  const buckets = Array.from({ length: bucketCount }, (_, bucket) => bucket);
  const pages = await Promise.all(buckets.map((bucket) => ports.tunnels.listDue(bucket, before, { limit: 1 })));
  return pages.some((page) => page.rows.length > 0);
};
