import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { canaryDevice, canarySteps } from '../../../core/canary-steps.ts';
import { errorTable } from '../../../core/errors.ts';
import { metricNames } from '../../../core/metric-names.ts';
import { devicePolicy, deviceThingType, tables } from '../../../core/names.ts';
import {
  alarmMetrics,
  metricsAlways,
  metricsAtWork,
  pricesPage,
  scenarios,
  sumOf,
} from '../../../docs/write-prices.ts';
import { adminPorts } from '../../../infra/house.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { readStageConfig } from '../../../infra/stage-config.ts';
import { resourcesOf, synthesizeStage } from '../../stacks/stage.ts';

const read = (name: string) => readFileSync(join(projectRoot, 'docs', name), 'utf8');
const pages = [
  'architecture',
  'deploy',
  'devices',
  'operations',
  'prices',
  'quotas',
  'retention',
  'runbook',
  'teardown',
  'upgrade',
];
const textOfAll = pages.map((page) => read(`${page}.md`)).join('\n');

const stage = synthesizeStage({
  profile: 'standard',
  domain: 'tunnels.example.com',
  canary: true,
  auditExport: { account: '210987654321', lockDays: 365 },
});
const small = synthesizeStage({ profile: 'small', domain: 'tunnels.example.com' });
const outputs = stage.templates.flatMap((template) => Object.keys(template.toJSON().Outputs ?? {}));

test('links lead to pages that are there, and to sections of them', () => {
  const anchors = (page: string) =>
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replace(/\s/g, '-'),
    );
  for (const [, link = ''] of textOfAll.matchAll(/\]\(([^)]+)\)/g)) {
    const [page = '', anchor] = link.split('#');
    expect({ link, there: existsSync(join(projectRoot, 'docs', page)) }).toEqual({ link, there: true });
    if (anchor !== undefined)
      expect({ link, anchors: anchors(page) }).toEqual({ link, anchors: expect.arrayContaining([anchor]) });
  }
});

test('files, outputs and stacks that pages name exist', () => {
  // The reader's own.
  for (const [, file = ''] of textOfAll.matchAll(/`((?:infra|core|cli|docs|relay|local)\/[\w./-]+)`/g))
    if (file !== 'infra/stages/prod.json')
      expect({ file, there: existsSync(join(projectRoot, file)) }).toEqual({ file, there: true });
  for (const [, command = ''] of textOfAll.matchAll(/npx tsx ((?:cli|docs)\/[\w-]+\.ts)/g))
    expect({ command, there: existsSync(join(projectRoot, command)) }).toEqual({ command, there: true });
  for (const [, output = ''] of textOfAll.matchAll(/output `([A-Z]\w+)`/g))
    expect({ output, names: outputs }).toEqual({ output, names: expect.arrayContaining([output]) });
  const parts = new Set([...textOfAll.matchAll(/sallyport-prod-(?!eu-)(?!copy)([a-z]+)/g)].map(([, part]) => part));
  expect([...parts].sort()).toEqual(['control', 'data', 'names', 'network', 'operations', 'stateful', 'vault']);
});

test('metrics, steps, errors and names that pages tell of are those of the code', () => {
  const words = [...textOfAll.matchAll(/metric = "([a-z_]+)"/g)].map(([, name = '']) => name);
  expect(words.length).toBeGreaterThan(2);
  expect(words.filter((name) => !metricNames.some((known) => known === name))).toEqual([]);
  const [, canary = ''] = /## CanaryFails\n([\s\S]*)$/.exec(read('runbook.md')) ?? [];
  for (const step of canarySteps) expect(canary).toContain(`\`${step}\``);
  for (const [, code = ''] of canary.matchAll(/`(not_found|device_offline)`/g))
    expect(Object.keys(errorTable)).toContain(code);
  expect(read('operations.md')).toContain(canaryDevice);
  expect(read('operations.md')).toContain(`(${adminPorts.relay}) and router (${adminPorts.router})`);
  expect(read('deploy.md')).toContain(`type \`${deviceThingType}\` with the policy \`${devicePolicy}\``);
  for (const table of Object.values(tables)) if (table !== 'Relays') expect(read('retention.md')).toContain(table);
});

test('the stages that deploy.md begins with are there', () => {
  const named = [...read('deploy.md').matchAll(/`infra\/stages\/(\w+)\.json`/g)].map(([, name = '']) => name);
  const files = readdirSync(join(projectRoot, 'infra/stages'));
  for (const name of named.filter((one) => one !== 'prod')) {
    expect(files).toContain(`${name}.json`);
    expect(readStageConfig(name).profile).toBe(name);
  }
});

test('the page of prices follows from the price file, and small stays under $40', () => {
  expect(read('prices.md')).toBe(pricesPage());
  const [first] = scenarios;
  if (first === undefined) throw new Error('no scenario');
  expect(first.profile).toBe('small');
  expect(sumOf(first)).toBeLessThan(40);
});

test('the sums count what templates really have', () => {
  const metricsIn = (template: Template) =>
    resourcesOf(template, 'AWS::CloudWatch::Alarm')
      .map(([, { Properties }]) =>
        Properties.Metrics === undefined
          ? 1
          : Properties.Metrics.filter(({ MetricStat }: { readonly MetricStat?: object }) => MetricStat !== undefined)
              .length,
      )
      .reduce((sum: number, count: number) => sum + count, 0);
  const count = (templates: readonly Template[]) => templates.map(metricsIn).reduce((sum, one) => sum + one, 0);
  const plain = synthesizeStage({ profile: 'standard', domain: 'tunnels.example.com' });
  expect({ small: count(small.templates), standard: count(plain.templates) }).toEqual(alarmMetrics);
  expect(resourcesOf(small.stateful, 'AWS::SecretsManager::Secret')).toHaveLength(6);
  expect(metricsAlways + metricsAtWork).toBeGreaterThan(40);
});
