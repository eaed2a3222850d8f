import { createDynamoOperatorKeys } from '../../../adapters/dynamodb/operator-keys.ts';
import { operatorIdOf } from '../../../core/model/ids.ts';
import { type TableNoun, tables, tableVariable } from '../../../core/names.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { startTables, type Tables } from '../../support/dynamodb.ts';
import { run } from '../../support/run.ts';
import { headOf } from './head-of.ts';

const operator = operatorIdOf('https://id.example.com', 'ada');
const key = { fingerprint: 'SHA256:x', publicKey: 'ssh-ed25519 AAAA', operator, name: 'laptop', addedAt: 1 };
const args = ['--operator', operator, '--forget'];
const nouns: readonly TableNoun[] = ['operatorKeys', 'grants', 'tunnels', 'audit', 'once', 'changes'];

let store: Tables;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  store = await startTables();
  env = {
    ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    AWS_ENDPOINT_URL_DYNAMODB: store.url,
    // The SDK's, of releases of Node to come.
    NODE_NO_WARNINGS: '1',
    ...Object.fromEntries(nouns.map((noun) => [tableVariable(noun), tables[noun]])),
  };
});
afterAll(() => store.close());

test('nothing is forgotten that nobody has read; what was written out is', async () => {
  const keys = createDynamoOperatorKeys(store.options('operatorKeys'));
  await keys.add(key);
  expect(await headOf('export-person', { args, env })).toEqual({ code: 141, signal: null, err: '' });
  expect(await keys.list(operator)).toEqual([key]);

  const command = ['--import', 'tsx', `${projectRoot}/cli/export-person.ts`, ...args];
  const { code, out, err } = await run(process.execPath, command, { env: { PATH: process.env.PATH, ...env } });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({ operator, keys: [key] });
  expect(await keys.list(operator)).toEqual([]);
});
