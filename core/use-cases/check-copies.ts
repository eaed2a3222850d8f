import { type ChainVerdict, verifyChain } from '../model/audit-chain.ts';
import type { Anchor, AuditRowChange } from '../model/audit-copy.ts';
import type { AuditRecord } from '../model/audit-record.ts';

export type CopyVerdict = {
  readonly chains: readonly { readonly chain: string; readonly verdict: ChainVerdict }[];
  /** Chains whose beginning is in no copy: they began before the first one, or copies are missing. */
  readonly headless: readonly string[];
  /** Rows that were altered or removed after they were copied. */
  readonly touched: readonly { readonly chain: string; readonly seq: number; readonly how: 'altered' | 'removed' }[];
  readonly anchors: readonly Anchor[];
};

/**
 * Verifies chains from their copies alone, whatever the table says by now. A change may stand in several copies, because
 * a batch that failed comes again in halves. A chain whose beginning is in no copy is named and not judged.
 */
export const checkCopies = async (
  copies: Iterable<readonly AuditRowChange[]> | AsyncIterable<readonly AuditRowChange[]>,
): Promise<CopyVerdict> => {
  const chains = new Map<string, Map<number, AuditRecord>>();
  const touched = new Map<string, { chain: string; seq: number; how: 'altered' | 'removed' }>();
  for await (const changes of copies)
    for (const change of changes) {
      if (change.kind === 'added') {
        const { chain, seq } = change.record;
        const known = chains.get(chain) ?? new Map<number, AuditRecord>();
        chains.set(chain, known);
        // The first copy stands: nobody could add to the vault what was there before.
        if (!known.has(seq)) known.set(seq, change.record);
        continue;
      }
      const { chain, seq } = change.before;
      touched.set(`${chain} ${seq} ${change.kind}`, { chain, seq, how: change.kind });
    }
  const sorted = [...chains].map(([chain, known]) => ({
    chain,
    records: [...known.values()].sort((one, other) => one.seq - other.seq),
  }));
  const isWhole = ({ records: [first] }: (typeof sorted)[number]): boolean => first?.kind === 'started';
  return {
    chains: sorted.filter(isWhole).map(({ chain, records }) => ({ chain, verdict: verifyChain(chain, records) })),
    headless: sorted.filter((one) => !isWhole(one)).map(({ chain }) => chain),
    touched: [...touched.values()],
    anchors: sorted.flatMap(({ chain, records }) => {
      const last = records.at(-1);
      return last === undefined ? [] : [{ chain, seq: last.seq, hash: last.hash }];
    }),
  };
};
