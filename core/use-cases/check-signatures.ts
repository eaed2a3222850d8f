import type { Copy } from '../model/audit-copy.ts';
import type { AnchorVerifier } from '../ports/anchor-signatures.ts';

/**
 * `none`: it has no signature. `unknown`: by a key that is not trusted. `wrong`: not of this first line. `altered`: the
 * lines below are not those that were signed.
 */
export type SignatureFault = 'none' | 'unknown' | 'wrong' | 'altered';

/**
 * Follows trust from key to key: whatever a trusted key signed names its successor. Copies must come in the order in
 * which they were made. A copy with a fault teaches nothing.
 */
export const createSignatureCheck = (verify: AnchorVerifier, given: readonly string[]) => {
  const trusted = new Set(given);
  const successors = new Map<string, Set<string>>();
  let last: string | undefined;
  return {
    async faultOf({ head, signed, isWhole }: Copy): Promise<SignatureFault | undefined> {
      if (signed === undefined) return 'none';
      const verdict = await verify(signed, [...trusted]);
      if ('fault' in verdict) return verdict.fault;
      if (!isWhole) return 'altered';
      last = verdict.by;
      const known = successors.get(last) ?? new Set();
      successors.set(last, known);
      for (const line of head.next ?? []) {
        known.add(line);
        trusted.add(line);
      }
      return undefined;
    },
    /** What signed last and what follows it: enough for copies that are made from now on. */
    trusted: (): readonly string[] => (last === undefined ? given : [last, ...(successors.get(last) ?? [])]),
  };
};
