import { SallyportError } from '../../core/errors.ts';
import type { AuditRecord } from '../../core/model/audit-record.ts';
import { dayOf, isMark, isStanding } from '../../core/model/audit-standing.ts';
import type { AuditLog } from '../../core/ports/audit-log.ts';
import { absent } from './conditions.ts';
import { openTable, type TableOptions } from './table.ts';

/** A chain's marks also say of which day they are, for the list of chains. */
export type AuditRow = AuditRecord & { readonly markedDay?: string };

export const auditOfRow = ({ markedDay: _markedDay, ...record }: AuditRow): AuditRecord => record;

/** Puts, and nothing else: the writers' roles have no other right on the table. */
export const createDynamoAuditLog = (options: TableOptions): AuditLog => {
  const table = openTable<AuditRow>(options);

  return {
    async append(record) {
      const row = isMark(record.seq) ? { ...record, markedDay: dayOf(record.at) } : record;
      const outcome = await table.put(row, absent('chain'));
      if (!outcome.ok && !isStanding(outcome.row, record))
        throw new SallyportError('conflict', { detail: 'another audit record has this place in its chain' });
    },
  };
};
