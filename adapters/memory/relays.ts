import { SallyportError } from '../../core/errors.ts';
import type { LeaseSighting } from '../../core/model/lease-watch.ts';
import type { Relay, RelayDoor } from '../../core/model/relay.ts';
import type { Relays } from '../../core/ports/relays.ts';

export const createMemoryRelays = (): Relays => {
  const rows = new Map<string, RelayDoor>();
  const seen = new Map<string, LeaseSighting>();
  const shown = ({ doorKey: _doorKey, ...relay }: RelayDoor): Relay => relay;

  return {
    async register(relay) {
      rows.set(relay.serverId, relay);
    },
    async renew(serverId, lease, load, draining) {
      const row = rows.get(serverId);
      if (row === undefined) throw new SallyportError('not_found', { detail: 'the relay is not in the registry' });
      rows.set(serverId, { ...row, lease, load, draining });
    },
    async remove(serverId) {
      rows.delete(serverId);
      seen.delete(serverId);
    },
    async get(serverId) {
      const row = rows.get(serverId);
      return row === undefined ? undefined : shown(row);
    },
    async list() {
      return [...rows.values()].map(shown).sort((one, other) => (one.serverId < other.serverId ? -1 : 1));
    },
    async getDoor(serverId) {
      return rows.get(serverId);
    },
    async sightings() {
      return new Map(seen);
    },
    async noteSighting(serverId, sighting) {
      if (rows.has(serverId)) seen.set(serverId, sighting);
    },
  };
};
