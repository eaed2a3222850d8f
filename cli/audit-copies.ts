import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { type AuditRowChange, readCopy } from '../core/model/audit-copy.ts';
import { checkCopies } from '../core/use-cases/check-copies.ts';
import { runCommand, say, UsageError } from './command.ts';

const help = `npx tsx cli/audit-copies.ts FOLDER

Verifies audit chains from their locked copies alone, and, where SALLYPORT_TABLE_AUDIT is set, that the table still says
the same at each chain's anchor. Fetch the copies first: aws s3 sync s3://BUCKET/audit/ FOLDER
A chain that began before copies were made, or whose first copy is not in the folder, is named and cannot be judged.
Exit code 0: sound. 1: a chain is not, or a row was touched. 2: the copies could not be read.`;

/** One copy at a time: a year of them is more than memory. */
function* copiesOf(folder: string): Generator<readonly AuditRowChange[]> {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (file.endsWith('.jsonl')) yield readCopy(readFileSync(join(folder, file), 'utf8')).changes;
}

const main = async (folder: string, signal: AbortSignal): Promise<0 | 1 | 2> => {
  const { chains, headless, touched, anchors } = checkCopies(copiesOf(folder));
  let faults = 0;
  for (const { chain, verdict } of chains) {
    if (verdict.sound) continue;
    faults += 1;
    say(`NOT SOUND ${chain}: record ${verdict.seq} is ${verdict.fault}`);
  }
  for (const chain of headless) say(`NOT JUDGED ${chain}: its beginning is in no copy`);
  for (const { chain, seq, how } of touched) say(`TOUCHED ${chain}: record ${seq} was ${how} in the table`);
  const table = process.env.SALLYPORT_TABLE_AUDIT;
  let apart = 0;
  if (table !== undefined) {
    const reader = createDynamoAuditReader({ client: createDynamoClient(), table });
    for (const { chain, seq, hash } of anchors) {
      if (signal.aborted) return 2;
      if ((await hashAt(reader, chain, seq)) === hash) continue;
      apart += 1;
      say(`NOT THE SAME ${chain}: record ${seq} of the table is not the one that was copied`);
    }
  }
  say(
    `${chains.length} chains, ${faults} not sound, ${headless.length} not judged, ${touched.length} rows touched, ${table === undefined ? 'table not compared' : `${apart} anchors differ from the table`}`,
  );
  return faults + touched.length + apart === 0 ? 0 : 1;
};

const hashAt = async (
  reader: ReturnType<typeof createDynamoAuditReader>,
  chain: string,
  seq: number,
): Promise<string | undefined> => {
  let cursor: string | undefined;
  do {
    const page = await reader.chain(chain, { limit: 100, cursor });
    const found = page.rows.find((record) => record.seq === seq);
    if (found !== undefined) return found.hash;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return undefined;
};

await runCommand({ help, takes: { allowPositionals: true } }, async ({ positionals: [folder] }, signal) => {
  if (folder === undefined) throw new UsageError('Name the folder. See --help.');
  return await main(folder, signal);
});
