import { isDead, type LeaseSighting, sight } from '../core/model/lease-watch.ts';
import type { RelayDoor } from '../core/model/relay.ts';
import type { Tunnel } from '../core/model/tunnel.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { PortClaims } from '../core/ports/port-claims.ts';
import type { Relays } from '../core/ports/relays.ts';
import type { Tunnels } from '../core/ports/tunnels.ts';
import { createFreshCache } from './fresh-cache.ts';

const tunnelMilliseconds = 1_000;
const relayMilliseconds = 5_000;
/** While the tables do not answer, the last known place still stands: the door decides whether it holds. */
const staleMilliseconds = 10 * 60_000;

/** Where tunnels live now. Answers may be stale; a door that says so is asked about anew. */
export const createPlaces = (ports: {
  readonly tunnels: Tunnels;
  readonly claims: PortClaims;
  readonly relays: Relays;
  readonly clock: Clock;
}) => {
  const sightings = new Map<string, LeaseSighting>();
  const tunnels = createFreshCache<Tunnel>({
    milliseconds: tunnelMilliseconds,
    staleMilliseconds,
    max: 20_000,
    load: (id) => ports.tunnels.get(id),
  });
  const doors = createFreshCache<RelayDoor>({
    milliseconds: relayMilliseconds,
    staleMilliseconds,
    max: 1_000,
    async load(serverId) {
      const door = await ports.relays.getDoor(serverId);
      if (door === undefined) sightings.delete(serverId);
      else sightings.set(serverId, sight(sightings.get(serverId), door.lease, ports.clock.monotonic()));
      return door;
    },
  });

  return {
    tunnel: (id: string, options: { readonly fresh: boolean }) => (options.fresh ? tunnels.fresh(id) : tunnels.get(id)),
    forgetTunnel: (id: string) => tunnels.forget(id),

    /** The claim only says which tunnel to look at; that tunnel must name the same claim. */
    async byClaim(serverId: string, port: number): Promise<Tunnel | undefined> {
      const claim = await ports.claims.get(port, serverId);
      if (claim === undefined) return undefined;
      const tunnel = await tunnels.get(claim.tunnel);
      return tunnel?.port === port && tunnel.space === serverId ? tunnel : undefined;
    },

    /** The door of a tunnel's holder; undefined when there is none, or its relay is dead. */
    async doorOf(tunnel: Tunnel, options: { readonly fresh: boolean }): Promise<RelayDoor | undefined> {
      if (tunnel.holder === undefined) return undefined;
      const { serverId } = tunnel.holder;
      const door = await (options.fresh ? doors.fresh(serverId) : doors.get(serverId));
      const sighting = sightings.get(serverId);
      return sighting !== undefined && isDead(sighting, ports.clock.monotonic()) ? undefined : door;
    },
  };
};
export type Places = ReturnType<typeof createPlaces>;
