/** A relay's row in the registry. */
export type Relay = {
  readonly serverId: string;
  /** The private address where routers reach its doors. */
  readonly address: string;
  /** The door's port of each worker, by worker number. */
  readonly doors: readonly number[];
  /** Raised every 5 s; what matters is that it changes, not when. */
  readonly lease: number;
  readonly load: RelayLoad;
  readonly version: string;
  readonly startedAt: number;
  /** Takes nothing new and hands over what it has. */
  readonly draining: boolean;
};

export type RelayLoad = {
  readonly sessions: number;
  readonly tunnels: number;
  readonly channels: number;
};

/** What a router needs beside the row: the door key, 32 random bytes in base-64, made at the relay's start. */
export type RelayDoor = Relay & { readonly doorKey: string };

export const leaseMilliseconds = 5_000;
/** A reader calls a relay dead when it saw no change for so long on its own clock. */
export const deadMilliseconds = 20_000;
/** A relay that could not raise its lease for so long, by its own monotonic clock, closes every forward. */
export const selfFenceMilliseconds = 12_000;
/** Dead relays' rows are purged after a day. */
export const relayKeepMilliseconds = 24 * 3_600_000;
