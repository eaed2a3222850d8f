import type { EventHub } from '../events.ts';
import { hasItsHash } from '../model/audit-chain.ts';
import { type AuditRowChange, copyParts, copyText } from '../model/audit-copy.ts';
import { dayOf } from '../model/audit-standing.ts';
import type { AnchorKeys } from '../ports/anchor-signatures.ts';
import type { AuditVault } from '../ports/audit-vault.ts';
import type { Clock } from '../ports/clock.ts';

export type ExportPorts = {
  readonly vault: AuditVault;
  readonly anchorKeys: AnchorKeys;
  readonly hub: EventHub;
  readonly clock: Pick<Clock, 'now'>;
};

/**
 * Copies one batch of changes into the vault, as one object named by its day and its place in the stream: a batch that
 * comes twice makes no second one. Whatever happened to the table is copied, the forged and the removed too, and told of.
 * Throws when it could not be signed or kept, so that the batch comes again.
 */
export const exportAudit = async (
  ports: ExportPorts,
  batch: { readonly position: string; readonly changes: readonly AuditRowChange[] },
): Promise<void> => {
  const { hub } = ports;
  const { changes } = batch;
  const [first] = changes;
  if (first === undefined) return;
  const { at } = first.kind === 'added' ? first.record : first.before;
  const { next, sign } = await ports.anchorKeys();
  const parts = copyParts(changes, { now: ports.clock.now(), next });
  const text = copyText(parts, await sign(parts.head));
  await ports.vault.put(`${dayOf(at)}/${batch.position}-${changes.length}.jsonl`, text);
  hub.metrics.count('audit_exported', changes.length);
  hub.metrics.count('audit_export_rejected', 0, { why: 'none' });
  for (const change of changes) {
    const why = faultOf(change);
    if (why === undefined) continue;
    const { chain, seq } = change.kind === 'added' ? change.record : change.before;
    hub.metrics.count('audit_export_rejected', 1, { why });
    hub.log('error', 'audit.not-sound', { chain, seq, why });
  }
};

const faultOf = (change: AuditRowChange): 'hash' | 'altered' | 'removed' | undefined => {
  if (change.kind !== 'added') return change.kind;
  return hasItsHash(change.record) ? undefined : 'hash';
};
