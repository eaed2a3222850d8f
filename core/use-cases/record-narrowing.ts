import type { EventHub } from '../events.ts';

/**
 * The record of something that takes access away, written before it is done. Unlike a record that gives access it holds
 * nothing up: whoever must cut an attacker off cannot wait for the audit table. The hub writes its `void` record later.
 */
export const recordNarrowing = async (hub: EventHub, entry: Parameters<EventHub['changed']>[0]): Promise<void> => {
  try {
    await hub.changed(entry);
  } catch (error) {
    hub.log('error', 'audit.unwritten', {
      action: entry.action,
      error: error instanceof Error ? error.name : 'unknown',
    });
  }
};
