import type { AuditRecord } from '../../core/model/audit-record.ts';
import { positions } from '../../core/model/cursor.ts';
import { indexes } from '../../core/names.ts';
import type { AuditReader } from '../../core/ports/audit-log.ts';
import type { Page, PageRequest } from '../../core/ports/outcome.ts';
import { type AuditRow, auditOfRow } from './audit-log.ts';
import { type Listing, queryPage } from './query.ts';
import { openTable, type TableOptions } from './table.ts';

export const createDynamoAuditReader = (options: TableOptions): AuditReader => {
  const table = openTable<AuditRow>(options);

  const newestFirst = async (listing: Listing, page: PageRequest): Promise<Page<AuditRecord>> => {
    const { rows, cursor } = await queryPage<AuditRow>(table, { ...listing, descending: true }, page, {
      shape: positions.auditByTime,
      position: ['at', 'chain', 'seq'],
    });
    return { rows: rows.map(auditOfRow), cursor };
  };

  return {
    byDevice: (device, page) => newestFirst({ index: indexes.auditByDevice, partition: ['device', device] }, page),
    byOperator: (operator, page) =>
      newestFirst({ index: indexes.auditByOperator, partition: ['operator', operator] }, page),
    async chainsOf(day, page) {
      const listing = { index: indexes.auditByDay, partition: ['markedDay', day] } as const;
      const order = { shape: positions.mark, position: ['chain', 'seq'] };
      const { rows, cursor } = await queryPage<AuditRow>(table, listing, page, order);
      return { rows: rows.map(({ chain }) => chain), cursor };
    },
    async chain(chain, page) {
      const order = { shape: positions.link, position: ['seq'] };
      const { rows, cursor } = await queryPage<AuditRow>(table, { partition: ['chain', chain] }, page, order);
      return { rows: rows.map(auditOfRow), cursor };
    },
  };
};
