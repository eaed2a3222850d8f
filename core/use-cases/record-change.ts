import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';

/** The record of something that may give access, written before it is done. Throws `unavailable`, and then it is not done. */
export const recordChange = async (hub: EventHub, entry: Parameters<EventHub['changed']>[0]): Promise<void> => {
  try {
    await hub.changed(entry);
  } catch (cause) {
    throw new SallyportError('unavailable', { detail: 'the audit record could not be written', cause });
  }
};
