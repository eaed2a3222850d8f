import { tables } from '../../core/names.ts';
import { resourcesOf, synthesizeStage, textOf, withoutHashes } from './stage.ts';

const { stateful } = synthesizeStage();
const tableOf = (noun: string) => {
  const found = resourcesOf(stateful, 'AWS::DynamoDB::Table').find(([id]) => id.startsWith(`Tables${noun}`));
  if (found === undefined) throw new Error(`no table ${noun}`);
  return found[1].Properties;
};
const keyOf = (schema: readonly { readonly AttributeName: string }[]) =>
  schema.map(({ AttributeName }) => AttributeName);

/** A changed logical id is a new, empty resource, and the old one is left behind: never change these. */
const pinned = [
  'Key961B73FD',
  'KeyAlias910D852D',
  'SecretsAnchorKeyBA4E5242',
  'SecretsCertificateF72E7EA6',
  'SecretsHostKeysFCA697A3',
  'SecretsLinkKeyC7FA32E3',
  'SecretsPins120B8D57',
  'SecretsRouterHostKeys1A4B76B5',
  'TablesAuditCEFF9E0F',
  'TablesChangesCE5E7F7A',
  'TablesDevices704C53B1',
  'TablesGrantsA53A3550',
  'TablesOnce5FF5934E',
  'TablesOperatorKeysB04A9CD3',
  'TablesPortClaims9893B2C9',
  'TablesRelays58CC14A6',
  'TablesTunnels45BD33DB',
];
const pinnedPool = ['TokensAdministrators', 'TokensOperators', 'TokensOperatorsClient'];

test('the logical ids of what is kept never change', () => {
  const ids = resourcesOf(stateful).map(([id]) => id);
  expect(ids.filter((id) => !id.startsWith('Tokens')).sort()).toEqual(pinned);
  expect(
    ids
      .filter((id) => id.startsWith('Tokens'))
      .map((id) => id.replace(/[0-9A-F]{8}$/, ''))
      .sort(),
  ).toEqual(pinnedPool);
});

test.each(Object.values(tables))('%s is kept, encrypted, recoverable, and purged by time', (noun) => {
  const [, resource] =
    resourcesOf(stateful, 'AWS::DynamoDB::Table').find(([id]) => id.startsWith(`Tables${noun}`)) ?? [];
  expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(resource?.Properties).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: true,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] } },
    TimeToLiveSpecification: { AttributeName: 'purgeAt', Enabled: true },
  });
});

test('keys and indexes are what the adapters ask for', () => {
  const shape = Object.fromEntries(
    Object.values(tables).map((noun) => {
      const { KeySchema, GlobalSecondaryIndexes = [], AttributeDefinitions } = tableOf(noun);
      const types = new Map<string, string>(
        AttributeDefinitions.map((one: { AttributeName: string; AttributeType: string }) => [
          one.AttributeName,
          one.AttributeType,
        ]),
      );
      const typed = (schema: readonly { readonly AttributeName: string }[]) =>
        keyOf(schema).map((name) => `${name} ${types.get(name)}`);
      const indexes = GlobalSecondaryIndexes.map(
        (index: {
          IndexName: string;
          KeySchema: { AttributeName: string }[];
          Projection: { ProjectionType: string };
        }) => [index.IndexName, [...typed(index.KeySchema), index.Projection.ProjectionType]] as const,
      );
      return [noun, { key: typed(KeySchema), ...Object.fromEntries(indexes) }];
    }),
  );
  expect(shape).toEqual({
    Devices: {
      key: ['id S'],
      byLabel: ['label S', 'KEYS_ONLY'],
      byBucket: ['bucket N', 'id S', 'KEYS_ONLY'],
      byAttribute: ['attributeBucket S', 'device S', 'KEYS_ONLY'],
    },
    Tunnels: {
      key: ['id S'],
      byDevice: ['device S', 'createdAt N', 'ALL'],
      byOperator: ['operator S', 'createdAt N', 'ALL'],
      byHolder: ['holderServer S', 'id S', 'KEYS_ONLY'],
      byDue: ['dueBucket N', 'dueAt N', 'KEYS_ONLY'],
    },
    PortClaims: { key: ['port N', 'space S'] },
    Relays: { key: ['id S'], byRegistry: ['registry S', 'id S', 'INCLUDE'] },
    Grants: { key: ['principal S', 'id S'] },
    OperatorKeys: { key: ['id S'], byOperator: ['owner S', 'id S', 'ALL'] },
    Audit: {
      key: ['chain S', 'seq N'],
      byDevice: ['device S', 'at N', 'ALL'],
      byOperator: ['operator S', 'at N', 'ALL'],
      byDay: ['markedDay S', 'chain S', 'KEYS_ONLY'],
    },
    Changes: { key: ['shard N', 'id S'] },
    Once: { key: ['id S'] },
  });
});

test('the registry index leaves the door key out', () => {
  const [index] = tableOf('Relays').GlobalSecondaryIndexes;
  expect(index.Projection.NonKeyAttributes).toEqual([
    'address',
    'doors',
    'lease',
    'load',
    'version',
    'startedAt',
    'draining',
    'watchedLease',
    'watchedAt',
  ]);
});

test('tunnels alone have a change stream', () => {
  for (const noun of Object.values(tables))
    expect(tableOf(noun).StreamSpecification).toEqual(
      noun === 'Tunnels' ? { StreamViewType: 'NEW_AND_OLD_IMAGES' } : undefined,
    );
});

test('the key turns, is kept, and admits only CloudWatch Logs by name', () => {
  const [[, key] = []] = resourcesOf(stateful, 'AWS::KMS::Key');
  expect(key).toMatchObject({ DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } });
  const [account, logs, ...more] = key?.Properties.KeyPolicy.Statement ?? [];
  // Each secret adds the account again, for Secrets Manager's use only.
  for (const statement of more)
    expect(textOf(statement.Condition.StringEquals['kms:ViaService'])).toBe(
      'secretsmanager.<AWS::Region>.amazonaws.com',
    );
  expect(JSON.stringify(account.Principal)).toContain(':root');
  expect(logs).toMatchObject({ Sid: 'Logs', Condition: { ArnLike: expect.anything() } });
});

test('secrets are under the key, kept, and empty until they are filled', () => {
  const secrets = resourcesOf(stateful, 'AWS::SecretsManager::Secret');
  expect(secrets).toHaveLength(6);
  for (const [, secret] of secrets) {
    expect(secret).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: { KmsKeyId: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] } },
    });
    // A random word is no key.
    expect(secret.Properties).not.toHaveProperty('GenerateSecretString');
  }
});

test('a pool is made only for a stage without an issuer of its own', () => {
  stateful.hasResourceProperties('AWS::Cognito::UserPool', {
    AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    DeletionProtection: 'ACTIVE',
    MfaConfiguration: 'ON',
  });
  stateful.hasResourceProperties('AWS::Cognito::UserPoolGroup', { GroupName: 'sallyport-admins' });
  const own = synthesizeStage({
    tokens: { kind: 'oidc', issuer: 'https://id.example.com', audience: 'a', jwks: 'https://id.example.com/keys' },
  });
  own.stateful.resourceCountIs('AWS::Cognito::UserPool', 0);
});

test('the template is this', () => {
  expect(withoutHashes(stateful)).toMatchSnapshot();
});
