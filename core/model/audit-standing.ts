import type { AuditRecord } from './audit-record.ts';

/**
 * Whether the record that already has this place in its chain is the one to be written: the same, from a write whose
 * answer got lost, or the very record that a void was to stand for. Anything else would be overwritten history.
 */
export const isStanding = (standing: AuditRecord | undefined, record: AuditRecord): boolean =>
  standing?.hash === record.hash || (record.kind === 'void' && standing?.hash === record.facts?.hash);

/** The day on which a chain began, `2026-11-21`, UTC. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
