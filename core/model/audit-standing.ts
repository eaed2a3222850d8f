import type { AuditRecord } from './audit-record.ts';

/**
 * Whether the record that already has this place in its chain is the one to be written: the same, from a write whose
 * answer got lost, or the very record that a void was to stand for. Anything else would be overwritten history.
 */
export const isStanding = (standing: AuditRecord | undefined, record: AuditRecord): boolean =>
  standing?.hash === record.hash || (record.kind === 'void' && standing?.hash === record.facts?.hash);

/**
 * Records by which a chain is found: the first, and those at powers of two. A handful for each chain, so that the list of
 * a day's chains costs next to nothing, and more than the first alone, whose deletion would hide the whole chain.
 */
export const isMark = (seq: number): boolean => Number.isInteger(Math.log2(seq));

/** `2026-11-21`, UTC. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
