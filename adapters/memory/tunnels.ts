import { positions } from '../../core/model/cursor.ts';
import { bucketOf } from '../../core/model/ids.ts';
import { interrupted, mayConfirm, mayInterrupt, mayTake, taken } from '../../core/model/take.ts';
import { dueAt, isSameRequest, type Tunnel } from '../../core/model/tunnel.ts';
import { closed, isSameClose, mayChange, mayClose } from '../../core/model/tunnel-close.ts';
import { bucketCount } from '../../core/names.ts';
import type { Outcome, Page, PageRequest } from '../../core/ports/outcome.ts';
import type { Tunnels } from '../../core/ports/tunnels.ts';
import { listPage } from './list-page.ts';

export const tunnelDecisions = { mayTake, mayInterrupt, mayConfirm, mayClose, mayChange } as const;
/** Handed in, so that a test can show what a wrong decision would do. */
export type TunnelDecisions = typeof tunnelDecisions;

/** Each write decides and acts without an await between, which is what a conditional write does in a table. */
export const createMemoryTunnels = (
  decisions: TunnelDecisions = tunnelDecisions,
  rows: Map<string, Tunnel> = new Map(),
): Tunnels => {
  const won = (row: Tunnel): Outcome<Tunnel> => {
    rows.set(row.id, row);
    return { ok: true, row };
  };
  const lost = (row: Tunnel | undefined): Outcome<Tunnel> => ({ ok: false, lost: 'lost', row });

  const newestFirst = (rows: Iterable<Tunnel>, page: PageRequest): Page<Tunnel> =>
    listPage(rows, page, {
      shape: positions.tunnelByTime,
      position: (row) => [row.createdAt, row.id],
      descending: true,
    });
  const where = (holds: (row: Tunnel) => boolean) => [...rows.values()].filter(holds);

  return {
    async create(tunnel) {
      const row = rows.get(tunnel.id);
      if (isSameRequest(row, tunnel)) return { ok: true, row };
      return row === undefined ? won(tunnel) : lost(row);
    },
    async get(id) {
      return rows.get(id);
    },
    async take(take, now) {
      const row = rows.get(take.tunnel);
      if (row?.takeId === take.takeId) return { ok: true, row };
      return decisions.mayTake(row, take, now) ? won(taken(row, take)) : lost(row);
    },
    async acknowledge(id) {
      const row = rows.get(id);
      return row?.state === 'requested' ? won({ ...row, state: 'opening' }) : lost(row);
    },
    async interrupt(id, epoch, now) {
      const row = rows.get(id);
      return decisions.mayInterrupt(row, epoch) ? won(interrupted(row, now)) : lost(row);
    },
    async confirm(id, device, serverId, now) {
      const row = rows.get(id);
      return decisions.mayConfirm(row, device, serverId, now) ? won({ ...row, confirmed: serverId }) : lost(row);
    },
    async close(id, reason, { now, detail, ...fence }) {
      const row = rows.get(id);
      if (isSameClose(row, reason, now)) return { ok: true, row };
      return decisions.mayClose(row, fence, now) ? won(closed(row, reason, now, detail)) : lost(row);
    },
    async change(id, { allow, endsAt }, now, atEpoch) {
      const row = rows.get(id);
      if (!decisions.mayChange(row, now, atEpoch)) return lost(row);
      return won({ ...row, allow: allow ?? row.allow, endsAt: endsAt ?? row.endsAt });
    },
    async listByDevice(device, page) {
      return newestFirst(
        where((row) => row.device === device),
        page,
      );
    },
    async listByOperator(operator, page) {
      return newestFirst(
        where((row) => row.operator === operator),
        page,
      );
    },
    async listByHolder(serverId, page) {
      return listPage(
        where((row) => row.holder?.serverId === serverId),
        page,
        { shape: positions.tunnel, position: (row) => [row.id] },
      );
    },
    async listDue(bucket, now, page) {
      const isDue = (row: Tunnel) => row.state !== 'closed' && dueAt(row) <= now;
      return listPage(
        where((row) => isDue(row) && bucketOf(row.id, bucketCount) === bucket),
        page,
        { shape: positions.tunnelByTime, position: (row) => [dueAt(row), row.id] },
      );
    },
  };
};
