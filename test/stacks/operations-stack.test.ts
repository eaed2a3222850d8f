import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { metricNames, metricNamespace, metricSpec } from '../../core/metric-names.ts';
import { vaultNames } from '../../infra/audit-vault.ts';
import { alarmWord } from '../../infra/constructs/alarm-set.ts';
import { houseMetric } from '../../infra/constructs/house-metric.ts';
import { functionNames } from '../../infra/functions.ts';
import { projectRoot } from '../../infra/project-root.ts';
import { routes } from '../../infra/routes.ts';
import { parseStageConfig, type StageConfigInput } from '../../infra/stage-config.ts';
import { resourcesOf, synthesizeStage, textOf, withoutHashes } from './stage.ts';
import { statementsOf } from './statements.ts';

const domain = 'tunnels.example.com';
const full: Partial<StageConfigInput> = {
  profile: 'standard',
  domain,
  canary: true,
  auditExport: { account: '210987654321', lockDays: 400 },
  alarms: { email: 'operations@example.com' },
  budget: { monthlyUsd: 900, email: 'money@example.com' },
};
const stages = {
  small: synthesizeStage({ profile: 'small', domain }),
  bare: synthesizeStage({ profile: 'small' }),
  standard: synthesizeStage(full),
};

const find = (templates: readonly Template[], type: string): Template => {
  const found = templates.find((template) => resourcesOf(template, type).length > 0);
  if (found === undefined) throw new Error(`no stack with a ${type}`);
  return found;
};
const operationsOf = ({ templates }: (typeof stages)['small']) => find(templates, 'AWS::CloudWatch::CompositeAlarm');
const alarmsOf = (template: Template) =>
  [...resourcesOf(template, 'AWS::CloudWatch::Alarm'), ...resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm')].map(
    ([, { Properties }]) => Properties,
  );
const idsOf = (template: Template): readonly string[] =>
  alarmsOf(template).map(({ AlarmDescription }) => /docs\/runbook\.md, "(\w+)"\.$/.exec(AlarmDescription)?.[1] ?? '');

const headings = [...readFileSync(join(projectRoot, 'docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm)].map(
  ([, heading]) => heading,
);

test('every alarm has its section in the runbook, and every section its alarm', () => {
  const ids = new Set(Object.values(stages).flatMap((stage) => idsOf(operationsOf(stage))));
  expect([...ids].sort()).toEqual([...headings].sort());
  expect(new Set(headings).size).toBe(headings.length);
});

test.each(Object.entries(stages))('%s: alarms have names, a say and someone to tell', (_, stage) => {
  const template = operationsOf(stage);
  const topics = resourcesOf(template, 'AWS::SNS::Topic');
  expect(topics).toHaveLength(1);
  for (const alarm of alarmsOf(template)) {
    const name = alarm.AlarmName;
    expect(name).toMatch(/^sallyport-test-[a-z-]+$/);
    expect(alarm.AlarmActions.map(textOf)).toEqual(['<Alarms>']);
    expect(alarm.OKActions.map(textOf)).toEqual(['<Alarms>']);
    expect(alarm.AlarmDescription).toMatch(/^[A-Z].*\. docs\/runbook|^[A-Z].*\. What to do: docs\/runbook/);
  }
});

type Query = { readonly MetricStat?: { readonly Metric: object } };
const metricsOf = (template: Template) =>
  resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(([, { Properties }]) =>
    Properties.Metrics === undefined
      ? [Properties]
      : Properties.Metrics.flatMap(({ MetricStat }: Query) => (MetricStat === undefined ? [] : [MetricStat.Metric])),
  );

test.each(Object.entries(stages))('%s: no alarm looks at a metric that no process writes', (_, stage) => {
  const own = metricsOf(operationsOf(stage)).filter(({ Namespace }) => Namespace === metricNamespace);
  expect(own.length).toBeGreaterThan(20);
  for (const { MetricName, Dimensions = [] } of own) {
    const name = metricNames.find((one) => one === MetricName);
    expect({ MetricName, known: name !== undefined }).toEqual({ MetricName, known: true });
    if (name === undefined) continue;
    const names = Dimensions.map(({ Name }: { readonly Name: string }) => Name);
    expect({ MetricName, names }).toEqual({ MetricName, names: [...(metricSpec(name).cloud ?? ['nothing'])] });
  }
});

test('a function that nobody asks by HTTP is missed when it fails, and when its events are given up', () => {
  const template = operationsOf(stages.standard);
  const watchedBy = (id: string): readonly string[] => {
    const { Metrics } = alarmsOf(template).find(({ AlarmDescription }) => AlarmDescription.includes(`"${id}"`));
    return Metrics.flatMap(({ Label, MetricStat }: { readonly Label?: string } & Query) =>
      MetricStat === undefined || Label === undefined ? [] : [Label],
    );
  };
  const asked = new Set<string>(routes.map((route) => route.function));
  const byEvents = functionNames.filter((name) => !asked.has(name));
  expect(byEvents.length).toBeGreaterThan(8);
  expect([...watchedBy('FunctionsCrash')].sort()).toEqual([...byEvents].sort());
  const messages = ['device-event', 'device-revoked', 'tunnel-request-mqtt'];
  expect(watchedBy('EventsLost')).toEqual([...messages, 'rotate-host-keys']);
  expect(watchedBy('FunctionsThrottled')).toEqual(expect.arrayContaining([...messages, 'open-for-jump']));
});

test('a metric that never arrives cannot be asked for', () => {
  expect(() => houseMetric('sessions', { statistic: 'Sum' })).toThrow('sessions does not go to CloudWatch');
  expect(() => houseMetric('tunnels', { statistic: 'Maximum' })).toThrow('tunnels has the dimensions process, not');
  expect(alarmWord('BalancerPortsSpent')).toBe('balancer-ports-spent');
});

test('what is well is the sum of the outages', () => {
  const template = operationsOf(stages.standard);
  const [[, well] = []] = resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm');
  const rule = JSON.stringify(well?.Properties.AlarmRule);
  for (const id of ['AuditFails', 'RelaysFew', 'LeaseLost', 'ApiFails', 'CanaryFails', 'AuditAltered'])
    expect(rule).toContain(`Alarm${id}`);
  expect(rule).not.toContain('AlarmOpenSlow');
});

test('only CloudWatch and who is configured has to do with the topic', () => {
  const template = operationsOf(stages.standard);
  template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'operations@example.com' });
  expect(resourcesOf(operationsOf(stages.small), 'AWS::SNS::Subscription')).toEqual([]);
});

test('the budget is told by its own e-mail, and counts this stage', () => {
  const [[, budget] = []] = resourcesOf(operationsOf(stages.standard), 'AWS::Budgets::Budget');
  expect(budget?.Properties.Budget).toMatchObject({
    BudgetLimit: { Amount: 900, Unit: 'USD' },
    CostFilters: { TagKeyValue: ['user:sallyport$test'] },
  });
  expect(JSON.stringify(budget)).toContain('money@example.com');
});

test('copies are locked, by nobody to be undone, and forgotten a day later', () => {
  const vault = find(stages.standard.templates, 'AWS::S3::Bucket');
  const [[, bucket] = []] = resourcesOf(vault, 'AWS::S3::Bucket');
  expect(bucket).toMatchObject({
    DeletionPolicy: 'Retain',
    Properties: {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 400 } } },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: {
        Rules: [{ ExpirationInDays: 401, NoncurrentVersionExpiration: { NoncurrentDays: 1 } }],
      },
    },
  });
  // Another account may add, and that is all.
  const [[, policy] = []] = resourcesOf(vault, 'AWS::S3::BucketPolicy');
  const statements = policy?.Properties.PolicyDocument.Statement;
  const allowed = statements.filter(({ Effect }: { readonly Effect: string }) => Effect === 'Allow');
  expect(allowed.map(({ Action }: { readonly Action: unknown }) => Action)).toEqual(['s3:PutObject']);
  expect(vault.toJSON().Parameters.WriterAccount).toMatchObject({ Type: 'String', AllowedPattern: '\\d{12}' });
});

test('writer and bucket know each other by name', () => {
  const vault = find(stages.standard.templates, 'AWS::S3::Bucket');
  const [[, bucket] = []] = resourcesOf(vault, 'AWS::S3::Bucket');
  const [[, alias] = []] = resourcesOf(vault, 'AWS::KMS::Alias');
  const rights = statementsOf(operationsOf(stages.standard)).filter(({ role }) => role.startsWith('AuditExport'));
  const put = rights.find(({ sid }) => sid === 'Vault');
  expect(put?.resources.map((one) => one.replace(/^.*:::/, ''))).toEqual([
    `${textOf(bucket?.Properties.BucketName)}/audit/*`,
  ]);
  expect(rights.find(({ sid }) => sid === 'VaultKey')?.conditions).toMatchObject({
    'ForAnyValue:StringEquals': { 'kms:ResourceAliases': alias?.Properties.AliasName },
  });
  expect(rights.flatMap(({ actions }) => actions).filter((action) => /Delete|Retention|Bypass/.test(action))).toEqual(
    [],
  );
});

test('what exports copies reads the key that signs them, and writes no secret', () => {
  const rights = statementsOf(operationsOf(stages.standard)).filter(({ role }) => role.startsWith('AuditExport'));
  const secrets = rights.filter(({ actions }) => actions.some((action) => action.startsWith('secretsmanager:')));
  expect(secrets.map(({ actions, resources }) => [actions, resources])).toEqual([
    [['secretsmanager:GetSecretValue'], ['<SecretsAnchorKey>']],
  ]);
  const [, exporter] =
    resourcesOf(operationsOf(stages.standard), 'AWS::Lambda::Function').find(([id]) => id.startsWith('AuditExport')) ??
    [];
  expect(textOf(exporter?.Properties.Environment.Variables.SALLYPORT_ANCHOR_KEY_SECRET)).toBe('<SecretsAnchorKey>');
});

test('a bucket has at most 63 characters in its name, and a canary an API', () => {
  const longest = vaultNames('a'.repeat(20), { account: '210987654321', region: 'ap-southeast-2' });
  expect(longest.bucket).toHaveLength(63);
  expect(() => parseStageConfig({ name: 'test', tokens: { kind: 'cognito' }, canary: true, iamApi: false })).toThrow(
    'canary: set iamApi to true',
  );
});

test('only a stage with copies has a change stream on Audit', () => {
  const streamOf = ({ stateful }: (typeof stages)['small']) =>
    resourcesOf(stateful, 'AWS::DynamoDB::Table').find(([id]) => id.startsWith('TablesAudit'))?.[1].Properties
      .StreamSpecification;
  expect(streamOf(stages.small)).toBeUndefined();
  expect(streamOf(stages.standard)).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
});

test('without a domain nothing asks for a certificate', () => {
  expect(idsOf(operationsOf(stages.bare))).not.toContain('CertificateEnds');
  expect(idsOf(operationsOf(stages.small))).toContain('CertificateEnds');
});

test.each([
  ['standard', operationsOf(stages.standard)],
  ['small', operationsOf(stages.small)],
  ['the vault', find(stages.standard.templates, 'AWS::S3::Bucket')],
])('the template of %s is this', (_, template) => {
  expect(withoutHashes(template)).toMatchSnapshot();
});
