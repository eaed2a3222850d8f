import type { LeaseSighting } from '../model/lease-watch.ts';
import type { Relay, RelayDoor, RelayLoad } from '../model/relay.ts';

/** The registry of relays. It is small: tens of rows, read by key or as one list. */
export type Relays = {
  /** Puts the row of a relay that has just started. */
  register(relay: RelayDoor): Promise<void>;
  /** Raises the lease, with the load of this moment. */
  renew(serverId: string, lease: number, load: RelayLoad, draining: boolean): Promise<void>;
  /** A relay that stops cleanly takes its row away. */
  remove(serverId: string): Promise<void>;
  /** Without the door key: what everybody but a router may know. */
  get(serverId: string): Promise<Relay | undefined>;
  list(): Promise<readonly Relay[]>;
  /** With the door key; only a router's role may read it. */
  getDoor(serverId: string): Promise<RelayDoor | undefined>;
  /** What the sweep last saw of each lease, kept in the row because the sweep has no memory. */
  sightings(): Promise<ReadonlyMap<string, LeaseSighting>>;
  noteSighting(serverId: string, sighting: LeaseSighting): Promise<void>;
};
