import type { Tunnel } from './tunnel.ts';
import { asOf } from './tunnel.ts';

/**
 * Live tunnels at once. They guard against a script that runs wild, so they look at the newest rows only: `sampleRows`
 * is twice the quota, one bounded query, and who opens and closes in turn is never refused by what is closed.
 */
export const quotas = {
  operator: { live: 50, sampleRows: 100 },
  device: { live: 20, sampleRows: 40 },
} as const;

export const liveCount = (rows: readonly Tunnel[], now: number): number =>
  rows.filter((row) => asOf(row, now).state !== 'closed').length;

export const maxOperatorKeys = 20;
