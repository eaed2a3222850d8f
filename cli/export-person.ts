import { randomBytes } from 'node:crypto';
import { loadEnvFile } from 'node:process';
import { createDynamoAuditLog } from '../adapters/dynamodb/audit-log.ts';
import { createDynamoAuditReader } from '../adapters/dynamodb/audit-reader.ts';
import { createDynamoChanges } from '../adapters/dynamodb/changes.ts';
import { createDynamoClient } from '../adapters/dynamodb/client.ts';
import { createDynamoGrants } from '../adapters/dynamodb/grants.ts';
import { createDynamoOnce } from '../adapters/dynamodb/once.ts';
import { createDynamoOperatorKeys } from '../adapters/dynamodb/operator-keys.ts';
import { createDynamoTunnels } from '../adapters/dynamodb/tunnels.ts';
import { createSshKeys } from '../adapters/ssh/ssh-keys.ts';
import { createEventHub } from '../core/events.ts';
import { operatorIdOf, operatorIdPattern } from '../core/model/ids.ts';
import { tableVariable } from '../core/names.ts';
import { forgetPerson, personData } from '../core/use-cases/person-data.ts';
import { type Arguments, runCommand, UsageError } from './command.ts';

const help = `npx tsx cli/export-person.ts (--operator ID | --issuer URL --subject S) [--forget]

Writes all that is kept of one operator to standard output, as JSON. With --forget it then takes away the operator's SSH
keys and personal grants. Audit records stay: they name people by a hash only, and their chains would break.
Exit code 0: done. 2: it could not be read or written.

  --operator ID   o..., as the API shows it
  --issuer URL    with --subject: the claims iss and sub of the person's token
  --forget        remove keys and grants, after they were written out
  --env-file F    settings to use, such as .sallyport/aws.env beside a local system
  --help

Reads SALLYPORT_TABLE_* (OPERATOR_KEYS, GRANTS, TUNNELS, AUDIT; with --forget also ONCE, CHANGES) and the usual AWS_* variables.`;

const options = {
  operator: { type: 'string' },
  issuer: { type: 'string' },
  subject: { type: 'string' },
  forget: { type: 'boolean', default: false },
  'env-file': { type: 'string' },
} as const;

type Named = Arguments<{ options: typeof options }>['values'];
const operatorOf = ({ operator, issuer, subject }: Named): string => {
  if (operator !== undefined && operatorIdPattern.test(operator)) return operator;
  if (operator === undefined && issuer !== undefined && subject !== undefined) return operatorIdOf(issuer, subject);
  throw new UsageError('give --operator o..., or --issuer and --subject');
};

/** Rejects when it could not all be written, so that nothing is forgotten which nobody has. */
const write = (text: string): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())));

await runCommand({ help, takes: { options } }, async ({ values }) => {
  if (values['env-file'] !== undefined) loadEnvFile(values['env-file']);
  const operator = operatorOf(values);
  const client = createDynamoClient();
  const table = (noun: Parameters<typeof tableVariable>[0]) => {
    const name = process.env[tableVariable(noun)];
    if (name === undefined) throw new UsageError(`set ${tableVariable(noun)}`);
    return { client, table: name };
  };
  const operatorKeys = createDynamoOperatorKeys(table('operatorKeys'));
  const grants = createDynamoGrants(table('grants'));
  const person = await personData(
    {
      operatorKeys,
      grants,
      tunnels: createDynamoTunnels(table('tunnels')),
      audit: createDynamoAuditReader(table('audit')),
    },
    operator,
  );
  await write(`${JSON.stringify(person, undefined, 2)}\n`);
  if (!values.forget) return 0;
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const quiet = { count: () => undefined, gauge: () => undefined, observe: () => undefined };
  const audit = createDynamoAuditLog(table('audit'));
  const hub = createEventHub({ process: 'cli', log: { write: () => undefined }, metrics: quiet, audit, clock });
  const changes = createDynamoChanges(table('changes'));
  const once = createDynamoOnce(table('once'));
  const random = { bytes: (count: number) => randomBytes(count) };
  await forgetPerson({ operatorKeys, grants, changes, once, hub, clock, random, sshKeys: createSshKeys() }, person);
  await hub.stop();
  return 0;
});
