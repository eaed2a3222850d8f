import { type ChainVerdict, verifyChain } from '../model/audit-chain.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { AuditReader } from '../ports/audit-log.ts';

const dayMilliseconds = 24 * 3_600_000;
const page = 100;

export type VerifiedChain = { readonly chain: string; readonly verdict: ChainVerdict };

/** Checks every chain that has a mark of the last so many days, today included, one after the other. */
export async function* verifyAudit(
  reader: AuditReader,
  options: { readonly days: number; readonly now: number },
): AsyncGenerator<VerifiedChain> {
  const seen = new Set<string>();
  for (let back = options.days - 1; back >= 0; back -= 1) {
    const day = new Date(options.now - back * dayMilliseconds).toISOString().slice(0, 10);
    for await (const chain of pages((cursor) => reader.chainsOf(day, { limit: page, cursor }))) {
      if (seen.has(chain)) continue;
      seen.add(chain);
      const records: AuditRecord[] = [];
      for await (const record of pages((cursor) => reader.chain(chain, { limit: page, cursor }))) records.push(record);
      yield { chain, verdict: verifyChain(chain, records) };
    }
  }
}

async function* pages<Row>(
  read: (
    cursor: string | undefined,
  ) => Promise<{ readonly rows: readonly Row[]; readonly cursor?: string | undefined }>,
): AsyncGenerator<Row> {
  let cursor: string | undefined;
  do {
    const { rows, cursor: next } = await read(cursor);
    yield* rows;
    cursor = next;
  } while (cursor !== undefined);
}
