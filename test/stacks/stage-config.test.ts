import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { architectureOf, taskMemoryOf } from '../../infra/stage/capacity.ts';
import {
  cellsOf,
  parseStageConfig,
  proxyDomain,
  readStageConfig,
  relayHost,
  relayPort,
  StageConfigError,
} from '../../infra/stage-config.ts';
import { run } from '../support/run.ts';

const problemsOf = (value: unknown): readonly string[] => {
  try {
    parseStageConfig(value);
  } catch (error) {
    if (error instanceof StageConfigError) return error.problems;
    throw error;
  }
  throw new Error('it was taken');
};

const least = { name: 'a', tokens: { kind: 'cognito' } } as const;
const cell = (region: string, domain?: string) => ({ region, ...(domain === undefined ? {} : { domain }) });

/** Fields right one by one, and wrong together or by themselves: what is given beside the least, and what is said. */
const wrong: readonly (readonly [given: object, problems: readonly unknown[]])[] = [
  [{ profile: 'large' }, ['profile: choose "small", "standard" or "none"']],
  [{ iamApi: 'yes' }, ['iamApi: give true or false']],
  [{ zones: 4 }, ['zones: give 2, 3, or the names of two or three zones, such as ["eu-west-1a", "eu-west-1b"]']],
  [{ zones: ['eu-west-1a', 'eu-west-1b'] }, ['zones: give a region too, to which these zones belong']],
  [{ zones: ['eu-west-1a', 'eu-west-2b'], region: 'eu-west-1' }, ['zones: eu-west-2b is not in eu-west-1']],
  [{ zones: ['eu-west-1a', 'eu-west-1a'], region: 'eu-west-1' }, ['zones: name each zone once']],
  [
    { zones: ['eu-west-1a', 'eu-west-1b'], cells: [cell('eu-west-1'), cell('us-east-1')] },
    ['zones: give their number: names belong to one Region, and there are several cells'],
  ],
  [{ cells: [cell('eu-west-1')] }, ['cells: give two cells or more; for one, give region and domain instead']],
  [
    {
      region: 'eu-west-1',
      domain: 'a.example.com',
      cells: [cell('eu-west-1', 'b.example.com'), cell('eu-west-1', 'b.example.com')],
    },
    [
      'region: remove it: each cell names its own',
      'domain: remove it: each cell names its own, such as eu.tunnels.example.com',
      'cells: name eu-west-1 once: a Region holds one cell of a stage',
      'cells: give each cell a domain of its own: b.example.com stands twice',
    ],
  ],
  [
    { certificate: { kind: 'bring-your-own' } },
    ['certificate: remove it, or give a domain: a certificate is for a name'],
  ],
  [
    { domain: 'a.example.com', certificate: { kind: 'self-signed' } },
    ['certificate.kind: choose kind "acm-exportable", "acme-dns01" with email, or "bring-your-own"'],
  ],
  [
    { domain: 'a.example.com', certificate: { kind: 'acme-dns01', email: 'me' } },
    ['certificate.email: give an e-mail address'],
  ],
  [
    { capacity: { instances: { count: 3 } } },
    ['capacity.instances.count: give 1 or 2; for more, choose profile "standard"'],
  ],
  [
    { capacity: { instances: { count: 2 } } },
    [
      'capacity.instances.count: give a domain, which can stand for two addresses, or one instance, or profile "standard"',
    ],
  ],
  [{ capacity: { relays: { min: 5, max: 4 } } }, ['capacity.relays.max: give at least 5, as many as min']],
  [
    { capacity: { routers: { instanceType: 'huge' } } },
    ['capacity.routers.instanceType: give an instance type such as c8g.large'],
  ],
  [
    { capacity: { routers: { instanceType: 'c7i.large' } } },
    ['capacity.routers.instanceType: c7i.large is x86_64: choose another, or set cpuArchitecture'],
  ],
  [
    { cpuArchitecture: 'x86_64', capacity: { relays: { instanceType: 'c8gn.xlarge' } } },
    ['capacity.relays.instanceType: c8gn.xlarge is arm64: choose another, or set cpuArchitecture'],
  ],
  [
    {
      profile: 'standard',
      capacity: { relays: { instanceType: 't4g.micro' }, routers: { instanceType: 'c8g.medium' } },
      router: { memoryMebibytes: 2_000 },
    },
    [
      'capacity.relays.instanceType: t4g.micro gives tasks 901 MiB and the relay asks for 1024: choose a larger one, or lower memoryMebibytes',
      'capacity.routers.instanceType: c8g.medium gives tasks 1802 MiB and the router asks for 2000: choose a larger one, or lower memoryMebibytes',
    ],
  ],
  [
    { capacity: { instances: { instanceType: 't4g.micro' } } },
    [
      'capacity.instances.instanceType: t4g.micro gives tasks 901 MiB and relay and router ask for 1536: choose a larger one, or lower memoryMebibytes',
    ],
  ],
  [
    { budget: { monthlyUsd: 0, email: 'x' } },
    ['budget.monthlyUsd: give at least 1 US dollar', 'budget.email: give an e-mail address'],
  ],
  [{ alarms: { email: 'x@' } }, ['alarms.email: give an e-mail address']],
  [
    { auditExport: { account: '123', lockDays: 0 } },
    [
      'auditExport.account: give the 12 digits of an AWS account, in quotes',
      'auditExport.lockDays: give 1 to 3653 days',
    ],
  ],
  [{ retention: { flowLogDays: 2 } }, [expect.stringMatching(/^retention\.flowLogDays: give one of 1, 3/)]],
];

test.each(wrong)('%j is refused with the remedy', (given, problems) => {
  expect(problemsOf({ ...least, ...given })).toEqual(problems);
});

test('a wrong field does not hide what is wrong between others', () => {
  expect(
    problemsOf({
      ...least,
      name: 'A',
      capacity: { relays: { min: 5, max: 4 } },
      certificate: { kind: 'bring-your-own' },
    }),
  ).toEqual([
    'name: use 1 to 20 lower-case letters, digits and hyphens, a letter first',
    'certificate: remove it, or give a domain: a certificate is for a name',
    'capacity.relays.max: give at least 5, as many as min',
  ]);
});

test.each([
  ['c8g.large', 'arm64'],
  ['c8gn.xlarge', 'arm64'],
  ['t4g.small', 'arm64'],
  ['im4gn.large', 'arm64'],
  ['g5g.xlarge', 'arm64'],
  ['g5.xlarge', 'x86_64'],
  ['c7i.large', 'x86_64'],
  ['m7a.48xlarge', 'x86_64'],
  ['t3.small', 'x86_64'],
])('%s is %s', (type, architecture) => {
  expect(architectureOf(type)).toBe(architecture);
  expect(
    parseStageConfig({ ...least, cpuArchitecture: architecture, capacity: { relays: { instanceType: type } } }),
  ).toBeDefined();
});

test.each([
  ['t4g.small', 1_802],
  ['c8g.large', 3_604],
  ['c8gn.xlarge', 7_208],
  ['m7i.2xlarge', 28_835],
  ['r8g.medium', 7_208],
  ['c5n.large', undefined],
  ['x2gd.large', undefined],
])('tasks on %s may have %p MiB', (type, room) => {
  expect(taskMemoryOf(type)).toBe(room);
});

test('a stage of one Region is one cell, one of two is two with a domain each', () => {
  expect(cellsOf(parseStageConfig(least))).toMatchObject([{ prefix: 'sallyport-a' }]);
  const cells = cellsOf(readStageConfig('two-regions'));
  expect(cells.map(({ prefix, config }) => [prefix, config.region, config.domain])).toEqual([
    ['sallyport-two-regions-eu-west-1', 'eu-west-1', 'eu.tunnels.example.com'],
    ['sallyport-two-regions-us-east-1', 'us-east-1', 'us.tunnels.example.com'],
  ]);
});

test('every stage file is usable', () => {
  const folder = fileURLToPath(new URL('../../infra/stages/', import.meta.url));
  const names = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
  expect(names).toEqual(expect.arrayContaining(['small', 'standard', 'no-domain', 'own-oidc', 'two-regions']));
  for (const name of names) expect(readStageConfig(name).name).toBe(name);
});

test('the stages that come with the project are usable', () => {
  expect(readStageConfig('dev')).toMatchObject({ name: 'dev', tokens: { kind: 'cognito' }, delivery: 'direct' });
  expect(readStageConfig('local')).toMatchObject({ name: 'local', domain: 'sallyport.localhost' });
});

test('names its problems all at once, each with the remedy', () => {
  expect(
    problemsOf({
      name: 'Prod!',
      domain: 'https://x',
      tokens: { kind: 'oidc', issuer: 'http://id.example.com', audience: '', jwks: 'keys' },
      signInSeconds: 1,
      delivery: 'post',
      retention: { logDays: 2 },
      relay: { port: 0, hosts: [] },
      reserved: { waiting: 1_000 },
      extra: true,
    }),
  ).toEqual([
    'name: use 1 to 20 lower-case letters, digits and hyphens, a letter first',
    'domain: give a lower-case domain name, such as tunnels.example.com',
    'tokens.issuer: give a URL that starts with https:// (http:// only for the loopback address)',
    'tokens.audience: give the audience that stands in the tokens',
    'tokens.jwks: give a URL that starts with https:// (http:// only for the loopback address)',
    'signInSeconds: give 300 to 604800 seconds',
    'delivery: choose "direct" or "publish"',
    expect.stringMatching(/^retention\.logDays: give one of 1, 3, 5, 7/),
    'reserved.waiting: give at most 900: an account has 1000',
    'relay.port: give a port from 1 to 65535',
    'relay: remove hosts: there is no such field',
    'the file: remove extra: there is no such field',
  ]);
});

test('what is missing is asked for', () => {
  expect(problemsOf({})).toEqual([
    'name: give a string',
    'tokens: choose kind "cognito", or "oidc" with issuer, audience, jwks',
  ]);
  expect(problemsOf({ name: 'a', tokens: { kind: 'saml' } })).toEqual([
    'tokens.kind: choose kind "cognito", or "oidc" with issuer, audience, jwks',
  ]);
});

test('a stage that has no file, or a name that is no file name, is told apart', () => {
  expect(() => readStageConfig('nowhere')).toThrow('infra/stages/nowhere.json is not usable');
  expect(() => readStageConfig('../package')).toThrow('name the stage in lower case');
});

test("the CDK's command line is told the problems and nothing of where they were found", async () => {
  const { code, err } = await run(process.execPath, ['--import', 'tsx', 'infra/bin/app.ts'], {
    env: { ...process.env, CDK_CONTEXT_JSON: '{"stage":"nowhere"}' },
  });
  expect({ code, err }).toEqual({
    code: 1,
    err: 'infra/stages/nowhere.json is not usable:\n  make the file; infra/stages/dev.json shows how\n',
  });
});

test('without a domain there are names all the same', () => {
  const config = parseStageConfig({ name: 'a', tokens: { kind: 'cognito' } });
  expect(proxyDomain(config)).toBe('sallyport.internal');
  expect(relayHost(config)).toBe('relay.sallyport.internal');
  expect(relayPort(config)).toBe(2222);
  expect(relayPort({ ...config, profile: 'standard' })).toBe(443);
  expect(relayHost({ ...config, relay: { ...config.relay, host: '192.0.2.1' } })).toBe('192.0.2.1');
});
