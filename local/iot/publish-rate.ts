import type { Clock } from './clock.ts';

/** How many publishes a connection may still make: a bucket that holds one second's worth and fills evenly. */
export class PublishRate {
  private left: number;
  private seenAt: number;

  constructor(
    private readonly perSecond: number,
    private readonly clock: Clock,
  ) {
    this.left = perSecond;
    this.seenAt = clock.now();
  }

  /** Takes one publish, or says no. */
  take(): boolean {
    const now = this.clock.now();
    const filled = ((now - this.seenAt) / 1000) * this.perSecond;
    this.left = Math.min(this.perSecond, this.left + Math.max(0, filled));
    this.seenAt = now;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
