import { SallyportError } from '../../core/errors.ts';
import type { AuditRecord } from '../../core/model/audit-record.ts';
import { dayOf, isMark, isStanding } from '../../core/model/audit-standing.ts';
import { positions } from '../../core/model/cursor.ts';
import type { AuditLog, AuditReader } from '../../core/ports/audit-log.ts';
import type { PageRequest } from '../../core/ports/outcome.ts';
import { listPage } from './list-page.ts';

export const createMemoryAudit = (): AuditLog & AuditReader => {
  const rows = new Map<string, AuditRecord>();

  const newestFirst = (holds: (row: AuditRecord) => boolean, page: PageRequest) =>
    listPage([...rows.values()].filter(holds), page, {
      shape: positions.auditByTime,
      position: (row) => [row.at, row.chain, row.seq],
      descending: true,
    });

  return {
    async append(record) {
      const key = `${record.chain}/${record.seq}`;
      const standing = rows.get(key);
      if (standing === undefined) rows.set(key, record);
      else if (!isStanding(standing, record))
        throw new SallyportError('conflict', { detail: 'another audit record has this place in its chain' });
    },
    async byDevice(device, page) {
      return newestFirst((row) => row.device === device, page);
    },
    async byOperator(operator, page) {
      return newestFirst((row) => row.operator === operator, page);
    },
    async chainsOf(day, page) {
      const marks = [...rows.values()].filter((row) => isMark(row.seq) && dayOf(row.at) === day);
      const order = { shape: positions.mark, position: (row: AuditRecord) => [row.chain, row.seq] };
      const { rows: found, ...rest } = listPage(marks, page, order);
      return { rows: found.map((row) => row.chain), ...rest };
    },
    async chain(chain, page) {
      const links = [...rows.values()].filter((row) => row.chain === chain);
      return listPage(links, page, { shape: positions.link, position: (row) => [row.seq] });
    },
  };
};
