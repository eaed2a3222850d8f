import * as z from 'zod';
import type { AuditRecord } from './audit-record.ts';

/** What the change stream of the audit table says: a new record, or something that no writer of ours may do. */
export type AuditRowChange =
  | { readonly kind: 'added'; readonly record: AuditRecord }
  | { readonly kind: 'altered'; readonly before: AuditRecord; readonly after: AuditRecord }
  | { readonly kind: 'removed'; readonly before: AuditRecord };

/** The last record of a chain in a copy: who holds it knows whether the table still says the same. */
export type Anchor = { readonly chain: string; readonly seq: number; readonly hash: string };

/** The first line of a copy; each further line is one change, as it came. */
export type CopyHead = { readonly v: 1; readonly copied: number; readonly anchors: readonly Anchor[] };

const record = z.looseObject({ chain: z.string(), seq: z.number(), hash: z.string(), kind: z.string() });
const headSchema = z.object({
  v: z.literal(1),
  copied: z.number(),
  anchors: z.array(z.object({ chain: z.string(), seq: z.number(), hash: z.string() })),
});
const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('added'), record }),
  z.object({ kind: z.literal('altered'), before: record, after: record }),
  z.object({ kind: z.literal('removed'), before: record }),
]);

const anchorsOf = (changes: readonly AuditRowChange[]): readonly Anchor[] => {
  const heads = new Map<string, Anchor>();
  for (const change of changes) {
    if (change.kind !== 'added') continue;
    const { chain, seq, hash } = change.record;
    if (seq > (heads.get(chain)?.seq ?? 0)) heads.set(chain, { chain, seq, hash });
  }
  return [...heads.values()];
};

/** One copy as text: JSON lines. */
export const copyText = (changes: readonly AuditRowChange[], now: number): string => {
  const head: CopyHead = { v: 1, copied: now, anchors: anchorsOf(changes) };
  return [head, ...changes].map((line) => `${JSON.stringify(line)}\n`).join('');
};

/** Reads a copy. Throws where it is not one: it says which line. */
export const readCopy = (text: string): { readonly head: CopyHead; readonly changes: readonly AuditRowChange[] } => {
  const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
  const changes = rest.map((line, at) => {
    const parsed = lineSchema.safeParse(JSON.parse(line));
    if (!parsed.success) throw new TypeError(`line ${at + 2} is not a change of the audit table`);
    return parsed.data as unknown as AuditRowChange;
  });
  return { head: headSchema.parse(JSON.parse(first)), changes };
};
