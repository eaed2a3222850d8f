import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { parseArgs } from 'node:util';
import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { verifyAudit } from '../core/use-cases/verify-audit.ts';

const help = `npm run audit:verify -- [options]

Walks every audit chain and names the first record that is missing or altered.
Exit code 0: sound. 1: a chain is not. 2: it could not be read.

  --days N        chains that began, or grew much, in the last N days, today included (default 30)
  --env-file F    settings to use (default .sallyport/aws.env, where a local system runs)
  --json          one JSON line a chain
  --help

Reads SALLYPORT_TABLE_AUDIT and the usual AWS_* variables. In the cloud the stacks' outputs TableAudit and
AuditorRole name the table and a role that may read it.`;

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    'env-file': { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const fail = (message: string): never => {
  process.stderr.write(`${message}\n`);
  process.exit(2);
};

const localSettings = '.sallyport/aws.env';

const main = async (): Promise<number> => {
  if (values.help) {
    process.stdout.write(`${help}\n`);
    return 0;
  }
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1 || days > 3_650) return fail('--days must be a whole number from 1 to 3650');
  const file =
    values['env-file'] ??
    (process.env.SALLYPORT_TABLE_AUDIT === undefined && existsSync(localSettings) ? localSettings : undefined);
  if (file !== undefined) loadEnvFile(file);
  const table = process.env.SALLYPORT_TABLE_AUDIT;
  if (table === undefined) return fail(`Set SALLYPORT_TABLE_AUDIT, or run beside a local system (${localSettings}).`);

  const reader = createDynamoAuditReader({ client: createDynamoClient(), table });
  let broken = 0;
  let chains = 0;
  let records = 0;
  let open = 0;
  let voids = 0;
  for await (const { chain, verdict } of verifyAudit(reader, { days, now: Date.now() })) {
    chains += 1;
    if (values.json) process.stdout.write(`${JSON.stringify({ chain, ...verdict })}\n`);
    if (verdict.sound) {
      records += verdict.records;
      voids += verdict.voids;
      if (verdict.open) open += 1;
      continue;
    }
    broken += 1;
    if (!values.json) process.stdout.write(`NOT SOUND ${chain}: record ${verdict.seq} is ${verdict.fault}\n`);
  }
  if (!values.json)
    process.stdout.write(
      `${chains} chains, ${records} records checked (${voids} stand for some that could not be written), ${broken} not sound, ${open} with an open tail (still running, or ended without a word)\n`,
    );
  return broken === 0 ? 0 : 1;
};

/** An error and what brought it about: the first alone often says no more than that something is not there. */
const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${wordsOf(error.cause)}`;
};

process.exitCode = await main().catch((error: unknown) => fail(`The audit log could not be read: ${wordsOf(error)}`));
