import type { AuditRecord } from '../model/audit-record.ts';

/** An audit record as the API shows it: whole, so that its hash can be checked, and its time in words. */
export const auditView = (record: AuditRecord) => ({ ...record, time: new Date(record.at).toISOString() });
