import type { Clock } from '../ports/clock.ts';
import type { Once } from '../ports/once.ts';
import type { Random } from '../ports/random.ts';

/** 200 openings in 10 s: 20/s on average, with room for a burst. */
const windowMilliseconds = 10_000;
const slots = 200;
/** Writes of one request at most. With half of the slots taken, one request in 16 is refused; with a tenth, one in 10,000. */
const tries = 4;

/**
 * Limits one router without a counter that all its requests would write: each takes one of the window's numbered slots, by
 * a conditional put. Never more than `slots` in a window, and never more than `tries` writes a request. A router that lies
 * about its name is bounded all the same: by each operator's and device's quota and by the function's reserved concurrency.
 */
export const admitRouter = async (
  ports: { readonly once: Pick<Once, 'claim'>; readonly clock: Clock; readonly random: Random },
  router: string,
): Promise<boolean> => {
  const now = ports.clock.now();
  const window = Math.floor(now / windowMilliseconds);
  const endsAt = (window + 1) * windowMilliseconds;
  const start = Buffer.from(ports.random.bytes(2)).readUInt16BE();
  for (let attempt = 0; attempt < tries; attempt += 1) {
    // A step that is coprime to the slots, so that no slot is tried twice.
    const key = `router:${router}:${window}:${(start + attempt * 67) % slots}`;
    if ((await ports.once.claim({ key, value: '1', endsAt }, now)).ok) return true;
  }
  return false;
};
