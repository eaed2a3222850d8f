import { functionNames } from '../../infra/functions.ts';
import { resourcesOf, type Stage, synthesizeStage, textOf } from './stage.ts';
import { statementsOf } from './statements.ts';

const oidc = {
  kind: 'oidc',
  issuer: 'https://id.example.com',
  audience: 'sallyport',
  jwks: 'https://id.example.com/keys',
} as const;

const stages: readonly (readonly [name: string, stage: Stage])[] = [
  ['without a domain', synthesizeStage()],
  [
    'with a domain, an own issuer and a Region',
    synthesizeStage({ domain: 'tunnels.example.com', tokens: oidc, region: 'eu-west-1' }),
  ],
  ['of profile small', synthesizeStage({ profile: 'small', domain: 'tunnels.example.com' })],
  ['of profile standard', synthesizeStage({ profile: 'standard', domain: 'tunnels.example.com', region: 'eu-west-1' })],
  ['by topics', synthesizeStage({ delivery: 'publish', reserved: { waiting: 0, jumps: 0 } })],
];

describe.each(stages)('a stage %s', (_, stage) => {
  const statements = stage.templates.flatMap(statementsOf);

  test('allows no action by a pattern, and never a scan', () => {
    const actions = statements.flatMap((statement) => statement.actions);
    expect(actions.length).toBeGreaterThan(100);
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    expect(actions.filter((action) => /Scan|PartiQL/.test(action))).toEqual([]);
  });

  test('names its resources: `*` only where AWS knows none', () => {
    const everything = statements.filter(({ resources }) => resources.includes('*'));
    for (const { actions } of everything)
      expect([
        'ecr:GetAuthorizationToken',
        'ecs:DiscoverPollEndpoint',
        'iot:CreateCertificateFromCsr',
        'iot:ListAttachedPolicies',
      ]).toEqual(expect.arrayContaining([...actions]));
    const services = statements.flatMap(({ resources }) => resources).filter((resource) => resource.startsWith('*'));
    expect(services).toEqual(everything.map(() => '*'));
  });

  test('holds no role that a managed policy widens, and none but two that a person may assume', () => {
    const assumable: string[] = [];
    for (const template of stage.templates) {
      expect(resourcesOf(template, 'AWS::IAM::Policy')).toEqual([]);
      expect(resourcesOf(template, 'AWS::IAM::ManagedPolicy')).toEqual([]);
      for (const [id, { Properties }] of resourcesOf(template, 'AWS::IAM::Role')) {
        expect(Properties.ManagedPolicyArns).toBeUndefined();
        expect(Properties.AssumeRolePolicyDocument.Statement).toHaveLength(1);
        const { Principal } = Properties.AssumeRolePolicyDocument.Statement[0];
        if (Principal.AWS !== undefined) {
          expect(JSON.stringify(Principal.AWS)).toContain(':root');
          assumable.push(id);
          continue;
        }
        expect(Principal).toEqual({
          Service: expect.stringMatching(/^(lambda|iot|ecs-tasks|ec2|scheduler|vpc-flow-logs)\.amazonaws\.com$/),
        });
      }
    }
    expect(assumable).toEqual([expect.stringMatching(/^FleetRole/), expect.stringMatching(/^AuditorRole/)]);
  });

  test('says in each statement which right it is', () => {
    for (const template of stage.templates) {
      const seen = new Set<string>();
      for (const { role, sid } of statementsOf(template)) {
        expect(sid).toMatch(/^[A-Za-z0-9]+$/);
        expect(seen.has(`${role}/${sid}`)).toBe(false);
        seen.add(`${role}/${sid}`);
      }
    }
  });

  test('reaches the key only through a service', () => {
    const uses = statements.filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    expect(uses.length).toBeGreaterThan(10);
    for (const { conditions, resources } of uses) {
      expect(conditions).toHaveProperty(['StringEquals', 'kms:ViaService']);
      expect(resources).toEqual(['<Key>']);
    }
  });

  test('lets nobody but routers read a door key', () => {
    const readers = statements.filter(
      ({ resources, actions }) =>
        resources.includes('<TablesRelays>') && actions.some((action) => /Get|Query/.test(action)),
    );
    expect(readers.map(({ role }) => role)).toEqual(['RouterTaskRole']);
    const updaters = statements.filter(
      ({ resources, actions }) => resources.includes('<TablesRelays>') && actions.includes('dynamodb:UpdateItem'),
    );
    expect(updaters.map(({ role }) => role)).toEqual(['SweepRole', 'RelayTaskRole']);
    for (const { conditions } of updaters)
      expect(conditions).toEqual({
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': expect.not.arrayContaining(['doorKey']) },
        StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
      });
  });

  test('lets writers of audit records put them and nothing else', () => {
    const rights = statements.filter(({ resources }) => resources.includes('<TablesAudit>'));
    expect(rights.length).toBeGreaterThan(8);
    const [auditor, ...writers] = [...rights].sort((one) => (one.role === 'AuditorRole' ? -1 : 1));
    expect(auditor?.actions).toEqual(['dynamodb:Query']);
    for (const { actions } of writers) expect(actions).toEqual(['dynamodb:PutItem']);
  });

  test('keeps each log group for a set time, under the key', () => {
    const groups = stage.templates.flatMap((template) => resourcesOf(template, 'AWS::Logs::LogGroup'));
    expect(groups.length).toBeGreaterThan(24);
    for (const [, { Properties }] of groups) {
      expect([14, 90]).toContain(Properties.RetentionInDays);
      expect(textOf(Properties.KmsKeyId)).toBe('<Key>');
    }
  });

  test('tells functions only what is ours to tell', () => {
    const functions = resourcesOf(stage.control, 'AWS::Lambda::Function');
    expect(functions).toHaveLength(functionNames.length);
    for (const [, { Properties }] of functions) {
      const names = Object.keys(Properties.Environment?.Variables ?? {});
      expect(names.filter((name) => !/^SALLYPORT_[A-Z_]+$/.test(name))).toEqual([]);
      // Lambda takes 4 KB of environment.
      expect(JSON.stringify(Properties.Environment ?? {}).length).toBeLessThan(4_096);
    }
  });

  test('admits callers of functions by their own ARN', () => {
    const permissions = resourcesOf(stage.control, 'AWS::Lambda::Permission');
    expect(permissions.length).toBeGreaterThan(40);
    for (const [, { Properties }] of permissions) {
      expect(Properties.SourceArn).toBeDefined();
      expect(Properties.Action).toBe('lambda:InvokeFunction');
    }
  });
});
