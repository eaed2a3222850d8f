import type { AuditRecord } from '../../core/model/audit-record.ts';
import { type LocalOperator, mustCall } from '../../local/system/local-operator.ts';
import { eventually } from './eventually.ts';

/** What the audit log has of a device, newest first. */
export async function auditOf(administrator: LocalOperator, device: string): Promise<readonly AuditRecord[]> {
  const path = `/v1/audit?limit=100&device=${encodeURIComponent(device)}`;
  const { records } = await mustCall<{ readonly records: readonly AuditRecord[] }>(administrator, 'GET', path);
  return records;
}

/** The first record of a device that matches: the index of the log follows its table a moment later. */
export const recordThat = (
  administrator: LocalOperator,
  device: string,
  matches: (record: AuditRecord) => boolean,
): Promise<AuditRecord> =>
  eventually(async () => (await auditOf(administrator, device)).find(matches), `such an audit record of ${device}`);
