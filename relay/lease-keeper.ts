import type { EventHub } from '../core/events.ts';
import { leaseMilliseconds, type RelayLoad, selfFenceMilliseconds } from '../core/model/relay.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Relays } from '../core/ports/relays.ts';

/**
 * Raises this relay's lease every 5 s with its load. A relay that could not do so for 12 s by its own monotonic clock
 * fences itself: readers will call it dead at 20 s, and then nobody may still be let in through it.
 */
export const keepLease = (options: {
  readonly serverId: string;
  readonly relays: Relays;
  readonly clock: Clock;
  readonly hub: EventHub;
  readonly load: () => RelayLoad;
  readonly isDraining: () => boolean;
  readonly onFence: () => void;
  /** Default 5 s. */
  readonly everyMilliseconds?: number;
}) => {
  const { clock, hub, everyMilliseconds = leaseMilliseconds } = options;
  let lease = 1;
  let raisedAt = clock.monotonic();
  let fenced = false;
  let busy: Promise<void> | undefined;

  const raise = async (): Promise<void> => {
    const startedAt = clock.monotonic();
    lease += 1;
    await options.relays.renew(options.serverId, lease, options.load(), options.isDraining());
    // The write counts from when it was sent: that is the latest moment at which a reader can have seen it first.
    raisedAt = startedAt;
    if (fenced) hub.log('warn', 'lease.recovered', {});
    fenced = false;
  };

  const tick = (): void => {
    if (!fenced && clock.monotonic() - raisedAt > selfFenceMilliseconds) {
      fenced = true;
      hub.log('error', 'lease.lost', { milliseconds: Math.round(clock.monotonic() - raisedAt) });
      hub.metrics.count('lease_lost', 1);
      options.onFence();
    }
    busy ??= raise()
      .catch((error: unknown) => {
        hub.metrics.count('lease_failed', 1);
        hub.log('warn', 'lease.failed', { error: error instanceof Error ? error.name : 'unknown' });
      })
      .finally(() => {
        busy = undefined;
      });
  };

  // Looked at more often than a raise is due, so that fencing is late by at most a second.
  const watch = setInterval(() => {
    if (clock.monotonic() - raisedAt >= everyMilliseconds * 0.9) tick();
  }, everyMilliseconds / 5);

  return {
    get fenced() {
      return fenced;
    },
    /** Raises now: a drain must be seen at once. */
    announce: () => raise(),
    async stop(): Promise<void> {
      clearInterval(watch);
      await busy;
    },
  };
};
