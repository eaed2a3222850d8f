import type { EventHub } from '../events.ts';
import { type Change, changeOverlapMilliseconds } from '../model/change.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';

const everyMilliseconds = 1_000;

/**
 * Reads the changes every second, each once, however late or out of order they were written. While the table cannot be
 * read it keeps asking from the last moment that it knows whole.
 */
export const followChanges = (options: {
  readonly changes: Changes;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hub: EventHub;
  readonly onChange: (change: Change) => void;
}) => {
  const { changes, clock, timers, hub } = options;
  let from = clock.now() - changeOverlapMilliseconds;
  let known = new Map<string, number>();
  let stopped = false;
  let timer: { cancel(): void } | undefined;

  const read = async (): Promise<void> => {
    const askedAt = clock.now();
    for (const change of await changes.since(from)) {
      if (known.has(change.id)) continue;
      known.set(change.id, change.at);
      options.onChange(change);
    }
    from = askedAt - changeOverlapMilliseconds;
    known = new Map([...known].filter(([, at]) => at >= from));
  };

  const turn = async (): Promise<void> => {
    try {
      await read();
    } catch (error) {
      hub.log('warn', 'changes.unread', { error: error instanceof Error ? error.name : 'unknown' });
    }
    if (!stopped) timer = timers.schedule(everyMilliseconds, () => void turn());
  };
  void turn();

  return {
    stop(): void {
      stopped = true;
      timer?.cancel();
    },
  };
};
