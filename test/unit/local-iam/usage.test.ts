import { Authorizer } from '../../../local/iam/authorizer.ts';
import { contextOf } from '../../../local/iam/condition-context.ts';
import { mutations } from '../../../local/iam/mutation.ts';
import { PolicyStore } from '../../../local/iam/policy-store.ts';
import { Principals } from '../../../local/iam/principals.ts';
import { UsageLedger } from '../../../local/iam/usage.ts';

const ARN = 'arn:aws:iam::111122223333:role/relay';
const TABLE = 'arn:aws:dynamodb:eu-west-1:111122223333:table/Tunnels';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/k1';
const documents = [
  {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Read',
        Effect: 'Allow',
        Action: ['dynamodb:Get*', 'dynamodb:GetItem', 'dynamodb:Query'],
        Resource: [TABLE, `${TABLE}/index/*`],
      },
      { Effect: 'Allow', Action: ['logs:PutLogEvents'], Resource: '*' },
      { Effect: 'Deny', Action: 'dynamodb:Scan', Resource: '*' },
    ],
  },
  { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'kms:Decrypt', Resource: KEY } },
] as const;
const trust = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
};

function system() {
  const store = new PolicyStore();
  const principals = new Principals(store);
  const ledger = new UsageLedger();
  principals.register({ name: 'RelayRole', arn: ARN, documents, trust });
  const authorizer = new Authorizer({ store, principals, ledger, region: 'eu-west-1' });
  const caller = principals.callerOf(ARN, 'r1');
  const ask = (action: string, resource: string) =>
    authorizer.decide(caller, { action, resource, context: contextOf({}) });
  return { store, ledger, ask };
}

const identity = (store: PolicyStore) => store.policies('RelayRole') ?? [];

test('what was granted and never used, pattern by pattern', () => {
  const { store, ledger, ask } = system();
  ask('dynamodb:GetItem', TABLE);
  const report = ledger.report(identity(store));
  expect(report.unused.map(({ label }) => label)).toEqual([
    'RelayRole, policy 0, statement 0 (Read): dynamodb:GetItem',
    'RelayRole, policy 0, statement 0 (Read): dynamodb:Query',
    'RelayRole, policy 1, statement 0: kms:Decrypt',
  ]);
  expect(report.unusedResources.map(({ pattern }) => pattern)).toEqual([`${TABLE}/index/*`, KEY]);
  expect(report.unobserved.map(({ pattern }) => pattern)).toEqual(['logs:PutLogEvents']);
});

test('a denial says who, what, where and why', () => {
  const { ledger, ask } = system();
  ask('dynamodb:PutItem', TABLE);
  ask('dynamodb:Scan', TABLE);
  const who = 'User: arn:aws:sts::111122223333:assumed-role/relay/r1 is not authorized to perform:';
  expect(ledger.denials()).toEqual([
    {
      caller: 'arn:aws:sts::111122223333:assumed-role/relay/r1',
      action: 'dynamodb:PutItem',
      resource: TABLE,
      reason: 'no-identity-policy',
      message: `${who} dynamodb:PutItem on resource: ${TABLE} because no identity-based policy allows the dynamodb:PutItem action`,
    },
    expect.objectContaining({
      by: 'RelayRole, policy 0, statement 2',
      message: `${who} dynamodb:Scan on resource: ${TABLE} with an explicit deny in an identity-based policy`,
    }),
  ]);
});

test('policies are swapped live, and what is put back keeps its record', () => {
  const { store, ledger, ask } = system();
  expect(ask('dynamodb:Query', TABLE).allowed).toBe(true);
  const restore = store.replacePolicies('RelayRole', [documents[1]]);
  expect(ask('dynamodb:Query', TABLE).allowed).toBe(false);
  expect(ask('kms:Decrypt', KEY).allowed).toBe(true);
  restore();
  expect(ask('dynamodb:Query', TABLE).allowed).toBe(true);
  const [first, second] = identity(store);
  if (!first || !second) throw new Error('the policies are gone');
  expect(ledger.uses(first, 0, 'dynamodb:Query')).toBe(2);
  expect(ledger.uses(second, 0, 'kms:Decrypt')).toBe(0);
});

test('a key without policy leaves it to the account; one that names others does not', () => {
  const { store, ask } = system();
  expect(ask('kms:Decrypt', KEY).allowed).toBe(true);
  store.register(KEY, 'resource', [
    {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: `${ARN}-other` }, Action: 'kms:*', Resource: '*' },
    },
  ]);
  expect(ask('kms:Decrypt', KEY)).toMatchObject({ allowed: false, reason: 'no-resource-policy' });
});

test('a statement for a service that acts in the cloud only says nothing about use', () => {
  const { store, ledger } = system();
  const admit = (Service: string) => ({
    Effect: 'Allow',
    Principal: { Service },
    Action: 'kms:Encrypt',
    Resource: '*',
  });
  store.append(KEY, 'resource', {
    Version: '2012-10-17',
    Statement: [admit('logs.eu-west-1.amazonaws.com'), admit('iot.amazonaws.com')],
  });
  const report = ledger.report(store.policies(KEY) ?? []);
  expect(report.unobserved.map(({ statement }) => statement)).toEqual([0]);
  expect(report.unused.map(({ statement }) => statement)).toEqual([1]);
});

test('every action of every allowing statement is taken out once', () => {
  const all = [...mutations(documents)];
  expect(all.map(({ label }) => label)).toEqual([
    'policy 0, statement 0 (Read) without dynamodb:Get*',
    'policy 0, statement 0 (Read) without dynamodb:GetItem',
    'policy 0, statement 0 (Read) without dynamodb:Query',
    'policy 0, statement 1 without logs:PutLogEvents',
    'policy 1, statement 0 without kms:Decrypt',
  ]);
  expect(all[2]?.documents[0]?.Statement).toMatchObject([
    { Action: ['dynamodb:Get*', 'dynamodb:GetItem'] },
    { Action: ['logs:PutLogEvents'] },
    { Effect: 'Deny' },
  ]);
  expect(all[4]?.documents).toEqual([documents[0]]);
});
