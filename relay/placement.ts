import type { EventHub } from '../core/events.ts';
import { isDead, type LeaseSighting, sight } from '../core/model/lease-watch.ts';
import { isAgent, type Placement, placementOf } from '../core/model/placement.ts';
import { leaseMilliseconds } from '../core/model/relay.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Relays } from '../core/ports/relays.ts';
import type { Forwards } from './forwards.ts';
import type { DeviceSession } from './session.ts';

/** A session younger than this has just been placed. */
const settledMilliseconds = 60_000;
const level: Placement = { crowded: false, moving: 0 };

/**
 * Keeps this relay near its share of the fleet's sessions: looks at the registry every 5 s, says whether new agents had
 * better dial again, and lets go of sessions on which no user is. Without the registry nobody is sent anywhere.
 */
export const keepPlacement = (options: {
  readonly serverId: string;
  readonly relays: Pick<Relays, 'list'>;
  readonly forwards: Forwards;
  readonly clock: Clock;
  readonly hub: EventHub;
  /** A relay that ends takes and moves nobody. */
  readonly isDraining: () => boolean;
  readonly everyMilliseconds?: number;
  readonly settledMilliseconds?: number;
}) => {
  const { serverId, forwards, clock, hub, settledMilliseconds: settled = settledMilliseconds } = options;
  let sightings = new Map<string, LeaseSighting>();
  let placement = level;
  let busy: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    const now = clock.monotonic();
    const rows = await options.relays.list();
    sightings = new Map(rows.map(({ serverId: id, lease }) => [id, sight(sightings.get(id), lease, now)]));
    const isLive = (id: string) => !isDead(sightings.get(id) ?? { lease: 0, firstSeenAt: now }, now);
    const others = rows.filter((row) => row.serverId !== serverId && !row.draining && isLive(row.serverId));
    placement = placementOf(
      forwards.sessionCount,
      others.map(({ load }) => load.sessions),
    );
    hub.metrics.gauge('crowded', placement.crowded ? 1 : 0);
  };

  const letGo = (count: number): void => {
    const now = clock.monotonic();
    let left = count;
    for (const session of forwards.sessions()) {
      if (left === 0) break;
      if (!isAgent(session.software) || now - session.since < settled || isUsed(forwards, session)) continue;
      left -= 1;
      session.end('this relay is busy; dial again');
    }
    if (left < count) hub.metrics.count('sessions_moved', count - left);
  };

  const tick = (): void => {
    busy ??= look()
      .then(() => {
        if (!options.isDraining()) letGo(placement.moving);
      })
      .catch((error: unknown) => {
        placement = level;
        hub.log('warn', 'placement.unknown', { error: error instanceof Error ? error.message : 'unknown' });
      })
      .finally(() => {
        busy = undefined;
      });
  };
  const timer = setInterval(tick, options.everyMilliseconds ?? leaseMilliseconds);

  return {
    get crowded() {
      return placement.crowded;
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await busy;
    },
  };
};

const isUsed = (forwards: Forwards, session: DeviceSession): boolean =>
  forwards.of(session).some(({ streams }) => streams.size > 0);
