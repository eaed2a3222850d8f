import { claimKeepMilliseconds, type PortClaim } from '../../core/model/port-claim.ts';
import type { PortClaims } from '../../core/ports/port-claims.ts';
import { absent, all, any, atMost, hasRested, isOfTunnel } from './conditions.ts';
import { outcomeOf } from './outcome.ts';
import { purgeAtOf } from './purge-at.ts';
import { openTable, type TableOptions } from './table.ts';

type ClaimRow = PortClaim & { readonly purgeAt: number };

const claimOfRow = ({ purgeAt: _purgeAt, ...claim }: ClaimRow): PortClaim => claim;
const restOf = ({ restUntil }: PortClaim) => ({ restUntil, purgeAt: purgeAtOf(restUntil + claimKeepMilliseconds) });

export const createDynamoPortClaims = (options: TableOptions): PortClaims => {
  const table = openTable<ClaimRow>(options);
  const keyOf = ({ port, space }: PortClaim) => ({ port, space });

  return {
    async get(port, space) {
      const row = await table.get({ port, space });
      return row === undefined ? undefined : claimOfRow(row);
    },
    async claim(claim, now) {
      const { port, space, tunnel } = claim;
      const isShorter = all(isOfTunnel(tunnel), atMost('restUntil', claim.restUntil));
      const may = any(absent('port'), hasRested(now), isShorter);
      const outcome = await table.put({ port, space, tunnel, ...restOf(claim) }, may);
      // Its own already, with a longer rest: that stays.
      if (!outcome.ok && outcome.row?.tunnel === tunnel) return { ok: true, row: claimOfRow(outcome.row) };
      return outcomeOf(outcome, claimOfRow);
    },
    async extend(claim) {
      const isShorter = all(isOfTunnel(claim.tunnel), atMost('restUntil', claim.restUntil));
      const outcome = await table.update(keyOf(claim), { set: restOf(claim) }, isShorter);
      if (!outcome.ok && outcome.row?.tunnel === claim.tunnel) return { ok: true, row: claimOfRow(outcome.row) };
      return outcomeOf(outcome, claimOfRow);
    },
    async rest(claim) {
      const outcome = await table.update(keyOf(claim), { set: restOf(claim) }, isOfTunnel(claim.tunnel));
      return outcomeOf(outcome, claimOfRow);
    },
    async release(port, space, tunnel) {
      await table.remove({ port, space }, isOfTunnel(tunnel));
    },
    async listSpace(space, ports) {
      const sorted = [...new Set(ports)].sort((a, b) => a - b);
      const rows = await table.batchGet(sorted.map((port) => ({ port, space })));
      return rows.map(claimOfRow);
    },
  };
};
