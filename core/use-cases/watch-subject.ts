import type { z } from 'zod';
import type { EventHub } from '../events.ts';
import type { Changes } from '../ports/changes.ts';
import type { Clock } from '../ports/clock.ts';
import type { watchSchema } from '../wire/api.ts';

export type WatchPorts = { readonly hub: EventHub; readonly clock: Clock; readonly changes: Changes };

/**
 * Has every relay and router tell of one device or operator in detail, from the next second on and for some minutes.
 * It shows who connects when, so it is an administrator's, and on record.
 */
export const watchSubject = async (
  ports: WatchPorts,
  asking: { readonly operator: string; readonly way: string; readonly source: string | undefined },
  watch: z.output<typeof watchSchema>,
): Promise<{ readonly subject: string; readonly until: string }> => {
  const now = ports.clock.now();
  const subject = watch.device ?? watch.operator ?? '';
  const until = now + watch.minutes * 60_000;
  await ports.hub.changed({
    ...asking,
    action: 'watch',
    device: watch.device,
    facts: { subject, minutes: watch.minutes },
  });
  await ports.changes.append({ kind: 'watched', subject, until }, now);
  return { subject, until: new Date(until).toISOString() };
};
