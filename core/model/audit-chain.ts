import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditEntry, AuditRecord } from './audit-record.ts';

export const noHash = '0'.repeat(64);

const hashOf = (record: Omit<AuditRecord, 'hash'>): string => {
  const text = canonicalize(record);
  if (text === undefined) throw new TypeError('an audit record must be plain data');
  return createHash('sha256').update(text).digest('hex');
};

/** Whether a record is what its hash was made of. */
export const hasItsHash = ({ hash, ...unsigned }: AuditRecord): boolean => hashOf(unsigned) === hash;

/**
 * Leaves out what is undefined or empty, so that a record hashes alike before and after it was stored: a table takes no
 * empty text as an index key, and a record that cannot be written would refuse its access.
 */
const defined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined && part !== '')) as T;

/** Numbers and links one process's records in the order in which they are issued. */
export const startChain = (chain: string) => {
  let seq = 0;
  let previous = noHash;
  return {
    issue(entry: AuditEntry, at: number): AuditRecord {
      seq += 1;
      const unsigned = { v: 1 as const, chain, seq, at, previous, ...defined(entry) };
      const record = { ...unsigned, hash: hashOf(unsigned) };
      previous = record.hash;
      return record;
    },
  };
};
export type AuditChain = ReturnType<typeof startChain>;

export type ChainFault = {
  readonly chain: string;
  readonly seq: number;
  readonly fault: 'altered' | 'missing' | 'unlinked';
};
export type ChainVerdict =
  | { readonly sound: true; readonly records: number; readonly voids: number; readonly open: boolean }
  | ({ readonly sound: false } & ChainFault);

/**
 * Names the first missing or altered record of one chain, in order of seq. A void record stands for one whose write
 * failed: it keeps that record's hash as `facts.hash`, so that the chain goes on.
 */
export const verifyChain = (chain: string, records: readonly AuditRecord[]): ChainVerdict => {
  let previous = noHash;
  let voids = 0;
  for (const [index, record] of records.entries()) {
    const seq = index + 1;
    if (record.seq !== seq) return { sound: false, chain, seq, fault: 'missing' };
    const { hash, ...unsigned } = record;
    if (record.chain !== chain || hashOf(unsigned) !== hash) return { sound: false, chain, seq, fault: 'altered' };
    if (record.previous !== previous) return { sound: false, chain, seq, fault: 'unlinked' };
    const lost = record.kind === 'void' ? record.facts?.hash : undefined;
    if (record.kind === 'void') voids += 1;
    previous = typeof lost === 'string' ? lost : hash;
  }
  return { sound: true, records: records.length, voids, open: records.at(-1)?.kind !== 'stopped' };
};

/** Takes the place of a record whose write failed. A void whose own write failed is written again as it was. */
export const voidOf = (record: AuditRecord): AuditRecord => {
  if (record.kind === 'void') return record;
  const { v, chain, seq, at, previous, action } = record;
  const unsigned = { v, chain, seq, at, previous, kind: 'void' as const, action, facts: { hash: record.hash } };
  return { ...unsigned, hash: hashOf(unsigned) };
};
