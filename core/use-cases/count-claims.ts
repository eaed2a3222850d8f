import { sharedSpace } from '../names.ts';
import type { Metrics } from '../ports/event-sinks.ts';
import type { PortClaims } from '../ports/port-claims.ts';

/**
 * Claims that are counted. Ports are tried at random, so the share of tries that meet a taken one is how full the space
 * is: nobody has to count rows, which no index could.
 */
export const countClaims = (claims: PortClaims, metrics: Pick<Metrics, 'count'>): PortClaims => ({
  ...claims,
  async claim(claim, now) {
    const outcome = await claims.claim(claim, now);
    const labels = { space: claim.space === sharedSpace ? 'shared' : 'own' };
    metrics.count('port_claim_tries', 1, labels);
    metrics.count('port_claim_collisions', outcome.ok ? 0 : 1, labels);
    return outcome;
  },
});
