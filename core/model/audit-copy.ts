import { createHash } from 'node:crypto';
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
export type CopyHead = {
  readonly v: 1;
  readonly copied: number;
  readonly anchors: readonly Anchor[];
  /** SHA-256 of all further lines, base-64 (URL). */
  readonly digest?: string | undefined;
  /** Public lines of the keys that will sign, once they are announced. */
  readonly next?: readonly string[] | undefined;
};

export type Copy = {
  readonly head: CopyHead;
  readonly changes: readonly AuditRowChange[];
  /** Exactly what was signed. Copies from before they were signed have nothing. */
  readonly signed?: { readonly text: string; readonly signature: string };
  /** Whether the further lines are those that the first one speaks of. */
  readonly isWhole: boolean;
};

/** An Ed25519 key as OpenSSH writes it, without a comment. */
export const anchorKeyPattern = /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43}$/;

const record = z.looseObject({ chain: z.string(), seq: z.number(), hash: z.string(), kind: z.string() });
const headSchema = z.object({
  v: z.literal(1),
  copied: z.number(),
  anchors: z.array(z.object({ chain: z.string(), seq: z.number(), hash: z.string() })),
  digest: z.string().optional(),
  next: z.array(z.string().regex(anchorKeyPattern)).optional(),
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

const digestOf = (lines: string): string => createHash('sha256').update(lines).digest('base64url');

/** The first line of a copy, still without its signature, and all further lines as text. */
export const copyParts = (
  changes: readonly AuditRowChange[],
  { now, next }: { readonly now: number; readonly next: readonly string[] },
): { readonly head: string; readonly lines: string } => {
  const lines = changes.map((change) => `${JSON.stringify(change)}\n`).join('');
  const head: CopyHead = {
    ...{ v: 1, copied: now, anchors: anchorsOf(changes), digest: digestOf(lines) },
    ...(next.length === 0 ? {} : { next }),
  };
  return { head: JSON.stringify(head), lines };
};

/** One copy as text: JSON lines. The signature is the last member of the first one, so that the rest of it is as signed. */
export const copyText = (parts: { readonly head: string; readonly lines: string }, signature: string): string =>
  `${parts.head.slice(0, -1)},"signature":${JSON.stringify(signature)}}\n${parts.lines}`;

/** Reads a copy. Throws where it is not one: it says which line. */
export const readCopy = (text: string): Copy => {
  const [first = ''] = text.split('\n', 1);
  const lines = text.slice(first.length + 1);
  const changes = lines.split('\n').flatMap((line, at) => {
    if (line === '') return [];
    const parsed = lineSchema.safeParse(JSON.parse(line));
    if (!parsed.success) throw new TypeError(`line ${at + 2} is not a change of the audit table`);
    return [parsed.data as unknown as AuditRowChange];
  });
  const head = headSchema.parse(JSON.parse(first));
  const [, start, signature] = /^(.*),"signature":"([\w.-]*)"\}$/.exec(first) ?? [];
  return {
    ...{ head, changes, isWhole: head.digest === digestOf(lines) },
    ...(signature === undefined ? {} : { signed: { text: `${start}}`, signature } }),
  };
};
