import { deadMilliseconds } from './relay.ts';

/** What one reader saw of one relay's lease, on that reader's own clock. */
export type LeaseSighting = { readonly lease: number; readonly firstSeenAt: number };

/** Keeps the old sighting while the counter stands still; the clock restarts on any change, also to a lower number. */
export const sight = (previous: LeaseSighting | undefined, lease: number, now: number): LeaseSighting =>
  previous !== undefined && previous.lease === lease ? previous : { lease, firstSeenAt: now };

/** A first sighting is alive: the reader cannot know better, and the door's answer will tell. */
export const isDead = (sighting: LeaseSighting, now: number): boolean => now - sighting.firstSeenAt > deadMilliseconds;
