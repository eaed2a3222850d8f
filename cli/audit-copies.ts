import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { verifyAnchors } from '../adapters/jwt/anchor-signatures.ts';
import { type AuditRowChange, anchorKeyPattern, type Copy, readCopy } from '../core/model/audit-copy.ts';
import { checkCopies } from '../core/use-cases/check-copies.ts';
import { createSignatureCheck, type SignatureFault } from '../core/use-cases/check-signatures.ts';
import { runCommand, say, UsageError } from './command.ts';

const help = `npx tsx cli/audit-copies.ts [options] FOLDER

Verifies audit chains from their locked copies alone, and, where SALLYPORT_TABLE_AUDIT is set, that the table still says
the same at each chain's anchor. Fetch the copies first: aws s3 sync s3://BUCKET/audit/ FOLDER
A chain that began before copies were made, or whose first copy is not in the folder, is named and cannot be judged.
Exit code 0: sound. 1: a chain is not, a row was touched, or a signature is not good. 2: the copies could not be read.

  --anchor-key LINE  checks every copy's signature: 'ssh-ed25519 AAAA...', the output AnchorKey of the control stack for
                     copies from the first one on, or what an earlier run printed for those that came later. Each key's
                     successor is learned from what it signed. May be given more than once.
  --json             one JSON line a finding, then one with the sums
  --help`;

const options = {
  'anchor-key': { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const;

const words: Readonly<Record<SignatureFault, string>> = {
  none: 'it has no signature',
  unknown: 'signed by a key that is not trusted, and that no copy before it names',
  wrong: 'its signature is not of this first line',
  altered: 'its lines are not those that were signed',
};

const readNamed = (folder: string, file: string): Copy => {
  try {
    return readCopy(readFileSync(join(folder, file), 'utf8'));
  } catch (cause) {
    throw new Error(`${file} is not a copy`, { cause });
  }
};

/** In the order in which they were made. Only names and times are held: a year of copies is more than memory. */
const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => ({ file, copied: readNamed(folder, file).head.copied }))
    .sort((one, other) => one.copied - other.copied)
    .map(({ file }) => file);

type Options = { readonly keys: readonly string[] | undefined; readonly json: boolean };

const main = async (folder: string, { keys, json }: Options, signal: AbortSignal): Promise<0 | 1 | 2> => {
  const tell = (finding: object, text: string): void => say(json ? JSON.stringify(finding) : text);
  const signatures = keys === undefined ? undefined : createSignatureCheck(verifyAnchors, keys);
  if (signatures === undefined)
    process.stderr.write(
      'Signatures are not checked: give the output AnchorKey of the control stack as --anchor-key.\n',
    );
  let [copies, notSigned] = [0, 0];
  async function* changesOf(): AsyncGenerator<readonly AuditRowChange[]> {
    for (const file of filesOf(folder)) {
      const copy = readNamed(folder, file);
      copies += 1;
      const fault = await signatures?.faultOf(copy);
      if (fault !== undefined) {
        notSigned += 1;
        tell({ copy: file, signature: fault }, `NOT SIGNED ${file}: ${words[fault]}`);
      }
      yield copy.changes;
    }
  }
  const { chains, headless, touched, anchors } = await checkCopies(changesOf());
  let faults = 0;
  for (const { chain, verdict } of chains) {
    if (verdict.sound) continue;
    faults += 1;
    tell({ ...verdict, chain }, `NOT SOUND ${chain}: record ${verdict.seq} is ${verdict.fault}`);
  }
  for (const chain of headless) tell({ chain, headless: true }, `NOT JUDGED ${chain}: its beginning is in no copy`);
  for (const one of touched) tell(one, `TOUCHED ${one.chain}: record ${one.seq} was ${one.how} in the table`);
  const table = process.env.SALLYPORT_TABLE_AUDIT;
  let apart = 0;
  if (table !== undefined) {
    const reader = createDynamoAuditReader({ client: createDynamoClient(), table });
    for (const { chain, seq, hash } of anchors) {
      if (signal.aborted) return 2;
      if ((await hashAt(reader, chain, seq)) === hash) continue;
      apart += 1;
      const text = `NOT THE SAME ${chain}: record ${seq} of the table is not the one that was copied`;
      tell({ chain, seq, table: 'differs' }, text);
    }
  }
  const trusted = signatures?.trusted();
  tell(
    {
      ...{ chains: chains.length, notSound: faults, notJudged: headless.length, touched: touched.length, copies },
      ...(table === undefined ? {} : { apart }),
      ...(trusted === undefined ? {} : { notSigned, anchorKeys: trusted }),
    },
    `${chains.length} chains, ${faults} not sound, ${headless.length} not judged, ${touched.length} rows touched, ${table === undefined ? 'table not compared' : `${apart} anchors differ from the table`}`,
  );
  if (trusted !== undefined && !json) {
    say(`${copies} copies, ${notSigned} without a good signature`);
    say(`For copies from now on: ${trusted.map((line) => `--anchor-key '${line}'`).join(' ')}`);
  }
  return faults + touched.length + apart + notSigned === 0 ? 0 : 1;
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

await runCommand({ help, takes: { options, allowPositionals: true } }, async ({ positionals, values }, signal) => {
  const [folder] = positionals;
  if (folder === undefined) throw new UsageError('Name the folder. See --help.');
  const keys = values['anchor-key'];
  if (keys?.some((line) => !anchorKeyPattern.test(line)))
    throw new UsageError("--anchor-key must be a line 'ssh-ed25519 AAAA...', without a comment");
  return await main(folder, { keys, json: values.json }, signal);
});
