export interface RateLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** A bucket of `burst` tokens that fills evenly, as API Gateway throttles. */
export class RateLimiter {
  private left: number;
  private seenAt: number;
  private readonly limit: RateLimit;
  private readonly now: () => number;

  /** @param now milliseconds */
  constructor(limit: RateLimit, now: () => number = Date.now) {
    this.limit = limit;
    this.now = now;
    this.left = limit.burst;
    this.seenAt = now();
  }

  /** Takes one request, or says no. */
  take(): boolean {
    const now = this.now();
    const filled = ((now - this.seenAt) / 1000) * this.limit.perSecond;
    this.left = Math.min(this.limit.burst, this.left + Math.max(0, filled));
    this.seenAt = now;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }
}
