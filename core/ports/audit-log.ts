import type { AuditRecord } from '../model/audit-record.ts';
import type { Page, PageRequest } from './outcome.ts';

/** Append only: the writers' roles may put, nothing else. */
export type AuditLog = {
  /** Throws when the record is not safely stored; whoever asked must then refuse. */
  append(record: AuditRecord): Promise<void>;
};

export type AuditReader = {
  byDevice(device: string, page: PageRequest): Promise<Page<AuditRecord>>;
  byOperator(operator: string, page: PageRequest): Promise<Page<AuditRecord>>;
  /** Chains that began on a day, `2026-11-21`, or grew by a mark (`isMark`) on it. One may come more than once. */
  chainsOf(day: string, page: PageRequest): Promise<Page<string>>;
  /** One chain's records in order of seq. */
  chain(chain: string, page: PageRequest): Promise<Page<AuditRecord>>;
};
