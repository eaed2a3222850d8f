import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { KeyRing } from '../../../local/aws-endpoint/services/key-ring.ts';
import { SecretStore } from '../../../local/aws-endpoint/services/secret-store.ts';
import { allow, place, type System, send, startSystem } from './system.ts';

const KEYS = 'arn:aws:kms:eu-west-1:111122223333';
const PLAIN = `${KEYS}:key/plain`;
const descriptions = [
  { arn: PLAIN, aliases: ['alias/secrets'] },
  { arn: `${KEYS}:key/mac`, spec: 'HMAC_256' },
  { arn: `${KEYS}:key/signing`, spec: 'ECC_NIST_P256' },
] as const;

function keyRing(): KeyRing {
  const keys = new KeyRing(join(folder, 'keys.json'));
  for (const description of descriptions) keys.add(description);
  return keys;
}

let folder: string;
let system: System;
let secrets: SecretStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'));
  secrets = new SecretStore({ place, path: join(folder, 'state', 'secrets.json') });
  system = await startSystem({ secrets, keys: keyRing() });
});
afterEach(async () => {
  await system.endpoint.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
const settings = (statements: readonly unknown[]) => system.client(system.addRole(`Role${count++}`, statements));
const manager = (statements: readonly unknown[]) => new SecretsManagerClient(settings(statements));

describe('Secrets Manager', () => {
  test('versions move through their stages', async () => {
    const client = manager([allow('secretsmanager:*', '*')]);
    const { ARN, VersionId: first } = await client.send(
      new CreateSecretCommand({ Name: 'host-key', SecretString: 'one' }),
    );
    expect(ARN).toMatch(/^arn:aws:secretsmanager:eu-west-1:111122223333:secret:host-key-[0-9a-f]{6}$/);
    const value = async (input: { VersionStage?: string; VersionId?: string } = {}) =>
      (await client.send(new GetSecretValueCommand({ SecretId: 'host-key', ...input }))).SecretString;
    const { VersionId: second = '' } = await client.send(
      new PutSecretValueCommand({ SecretId: ARN, SecretString: 'two', VersionStages: ['AWSPENDING'] }),
    );
    expect([await value(), await value({ VersionStage: 'AWSPENDING' }), await value({ VersionId: second })]).toEqual([
      'one',
      'two',
      'two',
    ]);
    await expect(
      client.send(
        new UpdateSecretVersionStageCommand({ SecretId: ARN, VersionStage: 'AWSCURRENT', MoveToVersionId: second }),
      ),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: ARN,
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: first,
        MoveToVersionId: second,
      }),
    );
    await client.send(
      new UpdateSecretVersionStageCommand({ SecretId: ARN, VersionStage: 'AWSPENDING', RemoveFromVersionId: second }),
    );
    expect([await value(), await value({ VersionStage: 'AWSPREVIOUS' })]).toEqual(['two', 'one']);
    await client.send(new PutSecretValueCommand({ SecretId: ARN, SecretString: 'three' }));
    expect([await value(), await value({ VersionStage: 'AWSPREVIOUS' })]).toEqual(['three', 'two']);
    const { Versions } = await client.send(new ListSecretVersionIdsCommand({ SecretId: ARN }));
    expect(Versions?.map(({ VersionStages }) => VersionStages)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT']]);
    expect((await client.send(new DescribeSecretCommand({ SecretId: ARN }))).VersionIdsToStages).toMatchObject({
      [second]: ['AWSPREVIOUS'],
    });
    await expect(value({ VersionStage: 'AWSPENDING' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(client.send(new CreateSecretCommand({ Name: 'host-key', SecretString: 'x' }))).rejects.toMatchObject({
      name: 'ResourceExistsException',
    });
  });

  test('a repeated put is one version; the same token with other content is refused', async () => {
    const client = manager([allow('secretsmanager:*', '*')]);
    const ClientRequestToken = 't'.repeat(32);
    await client.send(new CreateSecretCommand({ Name: 'a', SecretBinary: Buffer.from([1, 2]) }));
    const put = (SecretString: string) =>
      client.send(new PutSecretValueCommand({ SecretId: 'a', SecretString, ClientRequestToken }));
    expect((await put('x')).VersionId).toBe((await put('x')).VersionId);
    await expect(put('y')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    const { SecretBinary } = await client.send(
      new GetSecretValueCommand({ SecretId: 'a', VersionStage: 'AWSPREVIOUS' }),
    );
    expect(SecretBinary).toEqual(Uint8Array.from([1, 2]));
  });

  test('a secret is reached by its ARN alone, in the stage that is allowed', async () => {
    const { arn } = secrets.create({ name: 'host-key', value: 'one', binary: false });
    const reader = manager([
      allow('secretsmanager:GetSecretValue', `${arn.slice(0, -6)}??????`, {
        StringEqualsIfExists: { 'secretsmanager:VersionStage': 'AWSCURRENT' },
      }),
    ]);
    const get = (SecretId: string, VersionStage?: string) =>
      reader.send(new GetSecretValueCommand({ SecretId, VersionStage }));
    expect((await get('host-key', 'AWSCURRENT')).SecretString).toBe('one');
    expect((await get(arn.slice(0, -7))).SecretString).toBe('one');
    await expect(get(arn, 'AWSPREVIOUS')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await expect(get('unknown')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        'on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:unknown because',
      ),
    });
  });

  test('a customer managed key is used with the caller\u2019s permissions', async () => {
    const { arn } = secrets.create({ name: 'k', value: 'v', binary: false, kmsKeyId: 'alias/secrets' });
    const via = {
      StringEquals: {
        'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
        'kms:EncryptionContext:SecretARN': arn,
      },
    };
    const secret = allow('secretsmanager:*', '*');
    const get = new GetSecretValueCommand({ SecretId: 'k' });
    await expect(manager([secret]).send(get)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`kms:Decrypt on resource: ${PLAIN} because`),
    });
    const reader = manager([secret, allow('kms:Decrypt', PLAIN, via)]);
    expect((await reader.send(get)).SecretString).toBe('v');
    const put = new PutSecretValueCommand({ SecretId: 'k', SecretString: 'w' });
    await expect(reader.send(put)).rejects.toMatchObject({ message: expect.stringContaining('kms:GenerateDataKey') });
    await manager([secret, allow(['kms:Decrypt', 'kms:GenerateDataKey'], PLAIN, via)]).send(put);
  });

  test('a secret of a template has no value until somebody puts it, and is kept', async () => {
    const ensure = () =>
      secrets.ensure({ name: 'host', arn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:host-abcdef' });
    ensure();
    const client = manager([allow('secretsmanager:*', '*')]);
    const value = async () => (await client.send(new GetSecretValueCommand({ SecretId: 'host' }))).SecretString;
    await expect(value()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.send(new PutSecretValueCommand({ SecretId: 'host', SecretString: 'put' }));
    ensure();
    expect(await value()).toBe('put');
  });

  test('secrets outlive the process in a file for their owner only', () => {
    secrets.create({ name: 'host-key', value: 'one', binary: false });
    const path = join(folder, 'state', 'secrets.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(new SecretStore({ place, path }).get('host-key').versions[0]?.value).toBe('one');
  });
});

describe('KMS', () => {
  const call = (role: ReturnType<typeof settings>, operation: string, input: unknown) =>
    send(role, 'kms', {
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `TrentService.${operation}` },
      body: JSON.stringify(input),
    });
  const text = (value: string) => Buffer.from(value).toString('base64');

  test('encrypts under a context, and decrypts only under the same', async () => {
    const role = settings([allow(['kms:Encrypt', 'kms:Decrypt'], PLAIN)]);
    const context = { table: 'Audit', owner: 'me' };
    const { json } = await call(role, 'Encrypt', {
      KeyId: 'alias/secrets',
      Plaintext: text('hello'),
      EncryptionContext: context,
    });
    const decrypt = async (EncryptionContext: unknown, blob = json.CiphertextBlob) =>
      (await call(role, 'Decrypt', { CiphertextBlob: blob, EncryptionContext })).json;
    expect(await decrypt({ owner: 'me', table: 'Audit' })).toMatchObject({ Plaintext: text('hello'), KeyId: PLAIN });
    expect(await decrypt({ table: 'Audit' })).toMatchObject({ __type: 'InvalidCiphertextException' });
    expect(await decrypt(context, text('x'))).toMatchObject({ __type: 'InvalidCiphertextException' });
    const reloaded = keyRing();
    expect(reloaded.get(PLAIN).secret).toHaveLength(32);
    expect(reloaded.get('plain').secret).toEqual(keyRing().get('plain').secret);
  });

  test('is allowed by key, context and alias', async () => {
    const role = settings([
      allow('kms:GenerateDataKey', PLAIN, {
        StringEquals: { 'kms:EncryptionContext:table': 'Audit', 'kms:RequestAlias': 'alias/secrets' },
      }),
    ]);
    const generate = async (KeyId: string, table: string) =>
      (await call(role, 'GenerateDataKey', { KeyId, KeySpec: 'AES_256', EncryptionContext: { table } })).json;
    expect(Buffer.from(String((await generate('alias/secrets', 'Audit')).Plaintext), 'base64')).toHaveLength(32);
    expect(await generate('alias/secrets', 'Grants')).toMatchObject({ __type: 'AccessDeniedException' });
    expect(await generate(PLAIN, 'Audit')).toMatchObject({ __type: 'AccessDeniedException' });
    expect(await generate('alias/none', 'Audit')).toMatchObject({ __type: 'NotFoundException' });
  });

  test('authenticates and signs', async () => {
    const role = settings([allow('kms:*', '*')]);
    const mac = { KeyId: `${KEYS}:key/mac`, Message: text('m'), MacAlgorithm: 'HMAC_SHA_256' };
    const { Mac } = (await call(role, 'GenerateMac', mac)).json;
    expect((await call(role, 'VerifyMac', { ...mac, Mac })).json).toMatchObject({ MacValid: true });
    expect((await call(role, 'VerifyMac', { ...mac, Message: text('n'), Mac })).json).toMatchObject({
      __type: 'KMSInvalidMacException',
    });
    const signing = { KeyId: `${KEYS}:key/signing`, Message: text('m'), SigningAlgorithm: 'ECDSA_SHA_256' };
    const { Signature } = (await call(role, 'Sign', signing)).json;
    expect((await call(role, 'Verify', { ...signing, Signature })).json).toMatchObject({ SignatureValid: true });
    const { PublicKey } = (await call(role, 'GetPublicKey', { KeyId: signing.KeyId })).json;
    const publicKey = createPublicKey({ key: Buffer.from(String(PublicKey), 'base64'), type: 'spki', format: 'der' });
    expect(verify('sha256', Buffer.from('m'), publicKey, Buffer.from(String(Signature), 'base64'))).toBe(true);
    expect((await call(role, 'Sign', { ...signing, KeyId: mac.KeyId })).json).toMatchObject({
      __type: 'InvalidKeyUsageException',
    });
    expect((await call(role, 'Encrypt', { KeyId: mac.KeyId, Plaintext: text('x') })).json).toMatchObject({
      __type: 'InvalidKeyUsageException',
    });
    expect((await call(role, 'ScheduleKeyDeletion', { KeyId: mac.KeyId })).json).toMatchObject({
      __type: 'UnknownOperationException',
    });
  });
});
