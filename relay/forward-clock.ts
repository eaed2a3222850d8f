import type { Clock } from '../core/ports/clock.ts';
import type { Timers } from '../core/ports/timers.ts';
import { type Forward, nextLook, overdue } from './forward.ts';
import type { Forwards } from './forwards.ts';

/** A session counts as used for so long after its last stream. */
const usedMilliseconds = 5 * 60_000;
/** DESIGN 6: a dead peer is noticed in 30 s while a session is used, in 90 s otherwise. */
const keepaliveSeconds = { used: 10, quiet: 30 } as const;

/**
 * Ends forwards at their end or idle limit, and slows the keepalive of sessions that nobody uses. One entry a forward in
 * one shared wheel; it looks again where something moved meanwhile.
 */
export const createForwardClock = (options: {
  readonly forwards: Forwards;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onOverdue: (forward: Forward, reason: 'expired' | 'idle') => void;
}) => {
  const { forwards, clock, timers } = options;
  const entries = new WeakMap<Forward, { cancel(): void }>();

  const quietAt = (forward: Forward): number =>
    forward.streams.size > 0 ? Number.POSITIVE_INFINITY : forward.lastUsedAt + usedMilliseconds;

  const watch = (forward: Forward): void => {
    entries.get(forward)?.cancel();
    const now = clock.now();
    const quiet = quietAt(forward);
    const at = Math.min(nextLook(forward), quiet > now ? quiet : Number.POSITIVE_INFINITY);
    entries.set(
      forward,
      timers.schedule(Math.max(0, at - now), () => look(forward)),
    );
  };

  const look = (forward: Forward): void => {
    if (forwards.get(forward.tunnel) !== forward) return;
    const now = clock.now();
    const reason = overdue(forward, now);
    if (reason !== undefined) {
      options.onOverdue(forward, reason);
      return;
    }
    if (forwards.of(forward.session).every((held) => now >= quietAt(held)))
      forward.session.setKeepalive(keepaliveSeconds.quiet);
    watch(forward);
  };

  return {
    watch,
    /** A stream began or ended. */
    used(forward: Forward): void {
      forward.session.setKeepalive(keepaliveSeconds.used);
      if (forwards.get(forward.tunnel) === forward) watch(forward);
    },
  };
};
