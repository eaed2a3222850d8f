import { isDead, type LeaseSighting, sight } from '../model/lease-watch.ts';
import type { Relay } from '../model/relay.ts';

/** A relay as the API shows it: nothing that helps to reach it from inside, and no key. */
export const relayView = (relay: Relay, sighting: LeaseSighting | undefined, now: number) => ({
  serverId: relay.serverId,
  version: relay.version,
  startedAt: new Date(relay.startedAt).toISOString(),
  draining: relay.draining,
  workers: relay.doors.length,
  lease: relay.lease,
  /** When the sweep first saw the lease that it saw last; absent for a relay that it has not seen. */
  ...(sighting === undefined ? {} : { leaseSeenAt: new Date(sighting.firstSeenAt).toISOString() }),
  alive: isAlive(relay, sighting, now),
  load: relay.load,
});

/** By what the sweep saw: a lease that has not moved since, for longer than any living relay lets it stand. */
export const isAlive = (relay: Relay, sighting: LeaseSighting | undefined, now: number): boolean =>
  !isDead(sight(sighting, relay.lease, now), now);
