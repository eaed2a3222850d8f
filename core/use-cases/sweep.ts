import { isDead, sight } from '../model/lease-watch.ts';
import { dueAt, overdueReason, type Tunnel } from '../model/tunnel.ts';
import { bucketCount } from '../names.ts';
import type { Page, PageRequest } from '../ports/outcome.ts';
import type { Relays } from '../ports/relays.ts';
import { closeAndTell, type EndPorts } from './close-and-tell.ts';
import { interruptTunnel } from './release-tunnel.ts';

export type SweepPorts = EndPorts & { readonly relays: Pick<Relays, 'list' | 'sightings' | 'noteSighting'> };

const pageSize = 100;
/** So many writes at once: 10,000 tunnels of a lost relay take half a minute at 5 ms each. */
const parallel = 16;

/**
 * Ends what the clock has ended, and clears the holder of what a dead relay held. Everything it does is one conditional
 * write at the epoch that it saw, so that it can be late, stop anywhere and run twice. Does nothing after `until` (by the
 * monotonic clock): the next one goes on.
 */
export const sweep = async (ports: SweepPorts, options: { readonly until: number }): Promise<void> => {
  const late = () => ports.clock.monotonic() >= options.until;
  // Dead relays first: their tunnels' users are waiting. What fails there keeps nothing else from being ended.
  const relays = await Promise.allSettled([sweepRelays(ports, late)]);
  const due = await Promise.allSettled([sweepDue(ports, late)]);
  for (const result of [...relays, ...due]) if (result.status === 'rejected') throw result.reason;
};

const sweepDue = async (ports: SweepPorts, late: () => boolean): Promise<void> => {
  const buckets = Array.from({ length: bucketCount }, (_, bucket) => bucket);
  const now = ports.clock.now();
  let lag = 0;
  const ended = await Promise.all(
    buckets.map((bucket) =>
      eachPage(
        late,
        (page) => ports.tunnels.listDue(bucket, now, page),
        (row) => {
          lag = Math.max(lag, now - dueAt(row));
          return endOverdue(ports, row);
        },
      ),
    ),
  );
  ports.hub.metrics.gauge('sweep_ended', sum(ended));
  ports.hub.metrics.gauge('sweep_lag_seconds', Math.round(lag / 1_000));
};

const endOverdue = async (ports: SweepPorts, row: Tunnel): Promise<void> => {
  const reason = overdueReason(row, ports.clock.now());
  if (reason !== undefined) await closeAndTell(ports, row, reason, { atEpoch: row.epoch, way: 'sweep' });
};

/** The sweep has no memory of its own: what it saw of each lease stands in the registry. */
const sweepRelays = async (ports: SweepPorts, late: () => boolean): Promise<void> => {
  const { hub } = ports;
  const [relays, sightings] = await Promise.all([ports.relays.list(), ports.relays.sightings()]);
  const now = ports.clock.now();
  let alive = 0;
  for (const { serverId, lease } of relays) {
    const before = sightings.get(serverId);
    const sighting = sight(before, lease, now);
    if (sighting !== before) await ports.relays.noteSighting(serverId, sighting);
    if (!isDead(sighting, now)) {
      alive += 1;
      continue;
    }
    const interrupted = await eachPage(
      late,
      (page) => ports.tunnels.listByHolder(serverId, page),
      async (row) => void (await interruptTunnel(ports, row.id, row.epoch)),
    );
    if (interrupted > 0) hub.log('warn', 'relay.dead', { serverId, lease, interrupted });
  }
  hub.metrics.gauge('relays_alive', alive);
};

/** Every row of a list, page by page, a few at a time; how many there were. One row's failure leaves the others alone. */
const eachPage = async (
  late: () => boolean,
  list: (page: PageRequest) => Promise<Page<Tunnel>>,
  work: (row: Tunnel) => Promise<void>,
): Promise<number> => {
  let cursor: string | undefined;
  let count = 0;
  let failure: { readonly error: unknown } | undefined;
  do {
    const page = await list({ limit: pageSize, cursor });
    const rows = [...page.rows];
    count += rows.length;
    const worker = async (): Promise<void> => {
      for (let row = rows.shift(); row !== undefined && !late(); row = rows.shift())
        await work(row).catch((error: unknown) => {
          failure = { error };
        });
    };
    await Promise.all(Array.from({ length: Math.min(parallel, rows.length) }, worker));
    cursor = page.cursor;
  } while (cursor !== undefined && !late());
  if (failure !== undefined) throw failure.error;
  return count;
};

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);
