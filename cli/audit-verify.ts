import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { verifyAudit } from '../core/use-cases/verify-audit.ts';
import { readSettings, runCommand, say, UsageError, wholeNumber } from './command.ts';

const help = `npm run audit:verify -- [options]

Walks every audit chain and names the first record that is missing or altered.
Exit code 0: sound. 1: a chain is not. 2: it could not be read.

  --days N        chains that began, or grew much, in the last N days, today included (default 30)
  --env-file F    settings to use (default .sallyport/aws.env, where a local system runs)
  --json          one JSON line a chain
  --help

Reads SALLYPORT_TABLE_AUDIT and the usual AWS_* variables. In the cloud the stacks' outputs TableAudit and
AuditorRole name the table and a role that may read it.`;

const options = {
  days: { type: 'string', default: '30' },
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const local = { file: '.sallyport/aws.env', own: ['SALLYPORT_TABLE_AUDIT'] };

await runCommand({ help, takes: { options } }, async ({ values }, signal) => {
  const days = wholeNumber('--days', values.days, [1, 3_650]);
  readSettings(values['env-file'], local);
  const table = process.env.SALLYPORT_TABLE_AUDIT;
  if (table === undefined)
    throw new UsageError(`Set SALLYPORT_TABLE_AUDIT, or run beside a local system (${local.file}).`);
  const reader = createDynamoAuditReader({ client: createDynamoClient(), table });
  const counts = { chains: 0, records: 0, voids: 0, broken: 0, open: 0 };
  try {
    for await (const { chain, verdict } of verifyAudit(reader, { days, now: Date.now() })) {
      if (signal.aborted) return 2;
      counts.chains += 1;
      if (values.json) say(JSON.stringify({ chain, ...verdict }));
      if (verdict.sound) {
        counts.records += verdict.records;
        counts.voids += verdict.voids;
        if (verdict.open) counts.open += 1;
        continue;
      }
      counts.broken += 1;
      if (!values.json) say(`NOT SOUND ${chain}: record ${verdict.seq} is ${verdict.fault}`);
    }
  } catch (cause) {
    throw new Error('The audit log could not be read', { cause });
  }
  if (!values.json)
    say(
      `${counts.chains} chains, ${counts.records} records checked (${counts.voids} stand for some that could not be written), ${counts.broken} not sound, ${counts.open} with an open tail (still running, or ended without a word)`,
    );
  return counts.broken === 0 ? 0 : 1;
});
