import { positions } from '../../core/model/cursor.ts';
import { dueAt, type Tunnel } from '../../core/model/tunnel.ts';
import { indexes } from '../../core/names.ts';
import type { Page, PageRequest } from '../../core/ports/outcome.ts';
import type { Tunnels } from '../../core/ports/tunnels.ts';
import { atMost } from './conditions.ts';
import { type Listing, queryPage } from './query.ts';
import type { openTable } from './table.ts';
import { type TunnelRow, tunnelOfRow } from './tunnel-row.ts';

type Table = ReturnType<typeof openTable<TunnelRow>>;

/** The tunnels' indexes. Two hold whole rows; the two that only the sweep reads hold keys, and the rows are then read. */
export const tunnelLists = (
  table: Table,
): Pick<Tunnels, 'listByDevice' | 'listByOperator' | 'listByHolder' | 'listDue'> => {
  const newestFirst = async (listing: Listing, page: PageRequest): Promise<Page<Tunnel>> => {
    const { rows, cursor } = await queryPage<TunnelRow>(table, { ...listing, descending: true }, page, {
      shape: positions.tunnelByTime,
      position: ['createdAt', 'id'],
    });
    return { rows: rows.map(tunnelOfRow), cursor };
  };

  /** The index may be late, so a row that has moved on meanwhile is left out: a page may be shorter than its limit. */
  const whole = async (keys: Page<{ readonly id: string }>, holds: (row: Tunnel) => boolean): Promise<Page<Tunnel>> => {
    const rows = await table.batchGet(keys.rows.map(({ id }) => ({ id })));
    return { rows: rows.map(tunnelOfRow).filter(holds), cursor: keys.cursor };
  };

  return {
    listByDevice: (device, page) =>
      newestFirst({ index: indexes.tunnelsByDevice, partition: ['device', device] }, page),
    listByOperator: (operator, page) =>
      newestFirst({ index: indexes.tunnelsByOperator, partition: ['operator', operator] }, page),
    async listByHolder(serverId, page) {
      const listing = { index: indexes.tunnelsByHolder, partition: ['holderServer', serverId] } as const;
      const order = { shape: positions.tunnel, position: ['id'] };
      const keys = await queryPage<{ readonly id: string }>(table, listing, page, order);
      return whole(keys, (row) => row.holder?.serverId === serverId);
    },
    async listDue(bucket, now, page) {
      const listing = {
        index: indexes.tunnelsByDue,
        partition: ['dueBucket', bucket],
        sort: atMost('dueAt', now),
      } as const;
      const order = { shape: positions.tunnelByTime, position: ['dueAt', 'id'] };
      const keys = await queryPage<{ readonly id: string }>(table, listing, page, order);
      return whole(keys, (row) => row.state !== 'closed' && dueAt(row) <= now);
    },
  };
};
