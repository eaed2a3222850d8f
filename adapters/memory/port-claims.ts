import { claimed, mayClaim, type PortClaim } from '../../core/model/port-claim.ts';
import type { Outcome } from '../../core/ports/outcome.ts';
import type { PortClaims } from '../../core/ports/port-claims.ts';

export const claimDecisions = { mayClaim } as const;
/** Handed in, so that a test can show what a wrong decision would do. */
export type ClaimDecisions = typeof claimDecisions;

/** Each write decides and acts without an await between, which is what a conditional write does in a table. */
export const createMemoryPortClaims = (
  decisions: ClaimDecisions = claimDecisions,
  rows: Map<string, PortClaim> = new Map(),
): PortClaims => {
  const keyOf = (port: number, space: string) => `${port}/${space}`;
  const rowOf = (claim: PortClaim) => rows.get(keyOf(claim.port, claim.space));

  const won = (row: PortClaim): Outcome<PortClaim> => {
    rows.set(keyOf(row.port, row.space), row);
    return { ok: true, row };
  };
  const lost = (row: PortClaim | undefined): Outcome<PortClaim> => ({ ok: false, lost: 'lost', row });

  return {
    async get(port, space) {
      return rows.get(keyOf(port, space));
    },
    async claim(claim, now) {
      const row = rowOf(claim);
      return decisions.mayClaim(row, claim.tunnel, now) ? won(claimed(row, claim)) : lost(row);
    },
    async extend(claim) {
      const row = rowOf(claim);
      return row?.tunnel === claim.tunnel ? won(claimed(row, claim)) : lost(row);
    },
    async rest(claim) {
      const row = rowOf(claim);
      return row?.tunnel === claim.tunnel ? won(claim) : lost(row);
    },
    async release(port, space, tunnel) {
      if (rows.get(keyOf(port, space))?.tunnel === tunnel) rows.delete(keyOf(port, space));
    },
    async listSpace(space, ports) {
      return [...new Set(ports)].sort((a, b) => a - b).flatMap((port) => rows.get(keyOf(port, space)) ?? []);
    },
  };
};
