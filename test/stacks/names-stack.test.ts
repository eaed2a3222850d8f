import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { createApp } from '../../infra/sallyport-app.ts';
import { parseStageConfig, type StageConfigInput } from '../../infra/stage-config.ts';
import { placeholderAssets, resourcesOf, textOf, withoutHashes } from './stage.ts';

const domain = 'tunnels.example.com';
const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012';

const assets = placeholderAssets();
afterAll(() => rmSync(assets, { recursive: true }));

const namesOf = (given: Partial<StageConfigInput>) => {
  const outdir = mkdtempSync(join(tmpdir(), 'sallyport-assembly-'));
  try {
    const config = parseStageConfig({ name: 'test', domain, tokens: { kind: 'cognito' }, ...given });
    const { names, dnssec } = createApp({ config, assets, outdir, validate: false });
    return {
      names: names === undefined ? undefined : Template.fromStack(names),
      dnssec: dnssec === undefined ? undefined : { template: Template.fromStack(dnssec), region: dnssec.region },
    };
  } finally {
    rmSync(outdir, { recursive: true });
  }
};
const there = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('there is no such stack');
  return value;
};
/** `type name: targets` of every record. */
const recordsOf = (template: Template): readonly string[] =>
  resourcesOf(template, 'AWS::Route53::RecordSet')
    .map(([, { Properties: p }]) => {
      const target = p.AliasTarget === undefined ? p.ResourceRecords : [p.AliasTarget.DNSName];
      return `${p.Type} ${p.Name}: ${target.map(textOf).join(' ')}`;
    })
    .sort();
const typesOf = (template: Template) => [...new Set(resourcesOf(template).map(([, { Type }]) => Type))];
const statementsOf = (template: Template) =>
  resourcesOf(template, 'AWS::IAM::Role').flatMap(
    ([, { Properties }]) => Properties.Policies[0].PolicyDocument.Statement,
  );

const standard = there(namesOf({ profile: 'standard', certificate: { kind: 'acm-exportable' } }).names);
const small = there(namesOf({ profile: 'small', certificate: { kind: 'acme-dns01', email: 'a@example.com' } }).names);

test('behind balancers the two names are aliases, of both families', () => {
  const records = recordsOf(standard);
  expect(records.map((record) => record.replace(/: .*/, ''))).toEqual([
    `A *.${domain}.`,
    `A relay.${domain}.`,
    `AAAA *.${domain}.`,
    `AAAA relay.${domain}.`,
    `CAA ${domain}.`,
  ]);
  const balancers = records.map((record) => /(Relay|Router)Front/.exec(record)?.[1]);
  expect(balancers).toEqual(['Router', 'Relay', 'Router', 'Relay', undefined]);
});

test('a small stage has its addresses in them', () => {
  expect(recordsOf(small)).toEqual([
    expect.stringMatching(/^A \*\.tunnels\.example\.com\.: <Address1PublicIp.*>$/),
    expect.stringMatching(/^A relay\.tunnels\.example\.com\.: <Address1PublicIp.*>$/),
    expect.stringMatching(/^CAA /),
  ]);
});

test('only the issuer that is configured may issue, wildcards too', () => {
  expect(recordsOf(standard).at(-1)).toBe(`CAA ${domain}.: 0 issue "amazon.com" 0 issuewild "amazon.com"`);
  expect(recordsOf(small).at(-1)).toBe(
    `CAA ${domain}.: 0 issue "letsencrypt.org" 0 issuewild "letsencrypt.org" 0 iodef "mailto:a@example.com"`,
  );
  const own = there(namesOf({ certificate: { kind: 'bring-your-own' } }).names);
  expect(recordsOf(own).filter((record) => record.startsWith('CAA'))).toEqual([]);
  expect(typesOf(own)).not.toContain('AWS::Lambda::Function');
});

test('the zone is kept, and its id never changes', () => {
  const [[id, zone] = ['', undefined]] = resourcesOf(standard, 'AWS::Route53::HostedZone');
  expect(id).toBe('Zone2A4024A4');
  expect(zone).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
});

test('a zone that is there gets the names and nothing else', () => {
  const { names, dnssec } = namesOf({ dns: { kind: 'given', zoneId: 'Z123456' }, profile: 'small' });
  expect(typesOf(there(names))).toEqual(['AWS::Route53::RecordSet']);
  for (const [, { Properties }] of resourcesOf(there(names))) expect(Properties.HostedZoneId).toBe('Z123456');
  expect(dnssec).toBeUndefined();
});

test.each<[string, Partial<StageConfigInput>]>([
  ['no domain', { domain: undefined }],
  ['names elsewhere', { dns: { kind: 'elsewhere' } }],
  ['no front doors', { profile: 'none' }],
])('a stage with %s has no stack of names', (_name, given) => {
  expect(namesOf(given)).toEqual({ names: undefined, dnssec: undefined });
});

test('DNSSEC: first the key, in us-east-1 and for Route 53 alone; with its ARN the zone is signed', () => {
  const first = namesOf({ dns: { kind: 'made', dnssec: {} } });
  expect(typesOf(there(first.names))).not.toContain('AWS::Route53::DNSSEC');
  const { template, region } = there(first.dnssec);
  expect(region).toBe('us-east-1');
  const [[, key] = []] = resourcesOf(template, 'AWS::KMS::Key');
  expect(key).toMatchObject({
    DeletionPolicy: 'Retain',
    Properties: { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
  });
  const [, ...services] = key?.Properties.KeyPolicy.Statement ?? [];
  expect(services.map((one: { Action: unknown }) => one.Action)).toEqual([
    ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign'],
    'kms:CreateGrant',
  ]);
  for (const one of services)
    expect(one).toMatchObject({
      Principal: { Service: 'dnssec-route53.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });

  const signed = there(namesOf({ dns: { kind: 'made', dnssec: { key: keyArn } } }).names);
  const [[keyId, signing] = ['', undefined]] = resourcesOf(signed, 'AWS::Route53::KeySigningKey');
  expect(signing?.Properties).toMatchObject({ KeyManagementServiceArn: keyArn, Status: 'ACTIVE' });
  // Route 53 refuses to sign a zone that has no key, and to delete a key of a signed zone.
  signed.hasResource('AWS::Route53::DNSSEC', { DependsOn: [keyId] });
  signed.hasOutput('DsRecordCommand', {});
});

test("ACM's certificate is a wildcard that may be exported, by one function that may do nothing else", () => {
  standard.hasResourceProperties('AWS::CertificateManager::Certificate', {
    DomainName: `*.${domain}`,
    CertificateExport: 'ENABLED',
    ValidationMethod: 'DNS',
    KeyAlgorithm: 'EC_prime256v1',
  });
  standard.resourceCountIs('AWS::Lambda::Function', 1);
  const actions = statementsOf(standard).map(({ Sid, Action }) => [Sid, Action]);
  expect(actions).toEqual([
    ['Logs', expect.anything()],
    ['AuditPutItem', 'dynamodb:PutItem'],
    ['SecretCertificate', ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue']],
    ['Key', ['kms:Decrypt', 'kms:GenerateDataKey']],
    ['Certificate', ['acm:ExportCertificate', 'acm:GetCertificate']],
  ]);
  const rules = resourcesOf(standard, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
  expect(rules).toHaveLength(2);
  expect(rules[1]?.EventPattern).toMatchObject({ source: ['aws.acm'], 'detail-type': ['ACM Certificate Available'] });
});

test("ACME's function may write one TXT record of the zone and no other", () => {
  const [challenge] = statementsOf(small).filter(({ Sid }) => Sid === 'Challenge');
  expect(challenge).toMatchObject({
    Action: 'route53:ChangeResourceRecordSets',
    Condition: {
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`_acme-challenge.${domain}`],
        'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'],
      },
    },
  });
  expect(textOf(challenge.Resource)).toContain(':route53:::hostedzone/<Zone');
});

test.each<[string, Partial<StageConfigInput>, RegExp]>([
  [
    'an issuer that needs a zone of ours',
    { dns: { kind: 'elsewhere' }, certificate: { kind: 'acm-exportable' } },
    /choose "bring-your-own"/,
  ],
  [
    'a DNSSEC key of another Region',
    { dns: { kind: 'made', dnssec: { key: keyArn.replace('us-east-1', 'eu-west-1') } } },
    /KMS key in us-east-1/,
  ],
  ['what is no zone id', { dns: { kind: 'given', zoneId: domain } }, /id of a Route 53 zone/],
])('%s is refused with the remedy', (_name, given, remedy) => {
  expect(() => parseStageConfig({ name: 'test', domain, tokens: { kind: 'cognito' }, ...given })).toThrow(remedy);
});

test.each([
  ['standard', standard],
  ['small', small],
  ["DNSSEC's key", there(namesOf({ dns: { kind: 'made', dnssec: {} } }).dnssec).template],
])('the template of %s is this', (_name, template) => {
  expect(withoutHashes(template)).toMatchSnapshot();
});
