import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { contextOf } from '../../iam/condition-context.ts';
import { AwsError } from '../aws-error.ts';
import { jsonBody, targetOperation } from '../aws-request.ts';
import { jsonReply } from '../reply.ts';
import { type AwsService, arnIn, type Place, type ServiceCall } from '../service.ts';
import type { KeyRing } from './key-ring.ts';
import type { Secret, SecretStore, SecretValue, SecretVersion } from './secret-store.ts';

const Token = z.string().min(32).max(64).optional();
const Content = {
  SecretString: z.string().max(65_536).optional(),
  /** Base64. */
  SecretBinary: z.string().max(87_384).optional(),
};
const INPUTS = {
  CreateSecret: z.object({
    Name: z.string().min(1).max(512),
    KmsKeyId: z.string().optional(),
    ClientRequestToken: Token,
    ...Content,
  }),
  DescribeSecret: z.object({ SecretId: z.string() }),
  GetSecretValue: z.object({
    SecretId: z.string(),
    VersionId: z.string().optional(),
    VersionStage: z.string().optional(),
  }),
  ListSecretVersionIds: z.object({ SecretId: z.string(), IncludeDeprecated: z.boolean().optional() }),
  PutSecretValue: z.object({
    SecretId: z.string(),
    ClientRequestToken: Token,
    VersionStages: z.array(z.string()).min(1).max(20).optional(),
    ...Content,
  }),
  UpdateSecretVersionStage: z.object({
    SecretId: z.string(),
    VersionStage: z.string(),
    RemoveFromVersionId: z.string().optional(),
    MoveToVersionId: z.string().optional(),
  }),
} as const;

export interface SecretsManagerOptions {
  readonly place: Place;
  readonly secrets: SecretStore;
  readonly keys: KeyRing;
}

/** AWS Secrets Manager (JSON 1.1). */
export function secretsManagerService({ place, secrets, keys }: SecretsManagerOptions): AwsService {
  return { signingName: 'secretsmanager', protocol: 'json-1.1', handle };

  function handle(call: ServiceCall) {
    const operation = targetOperation(call.request, 'secretsmanager');
    const answer = (value: unknown) => jsonReply('json-1.1', value);
    const body = jsonBody(call.request);
    switch (operation) {
      case 'CreateSecret': {
        const input = inputOf('CreateSecret', body);
        const arn = secrets.newArn(input.Name);
        call.require('secretsmanager:CreateSecret', arn, contextOf({ 'secretsmanager:Name': input.Name }));
        if (input.KmsKeyId !== undefined) requireKey(call, arn, input.KmsKeyId, WRITING);
        return call.perform(operation, () => {
          const { KmsKeyId, ClientRequestToken: versionId } = input;
          const secret = secrets.create({
            name: input.Name,
            arn,
            ...(KmsKeyId === undefined ? {} : { kmsKeyId: KmsKeyId }),
            ...(versionId === undefined ? {} : { versionId }),
            ...contentOf(input),
          });
          return answer({ ARN: secret.arn, Name: secret.name, VersionId: secret.versions[0]?.id });
        });
      }
      case 'GetSecretValue': {
        const { SecretId, VersionId: versionId, VersionStage: stage } = inputOf('GetSecretValue', body);
        requireSecret(call, operation, SecretId, {
          'secretsmanager:VersionId': versionId,
          'secretsmanager:VersionStage': stage,
        });
        const secret = secrets.find(SecretId);
        if (secret?.kmsKeyId !== undefined) requireKey(call, secret.arn, secret.kmsKeyId, READING);
        return call.perform(operation, () =>
          answer(valueAnswer(secrets.get(SecretId), secrets.version(secrets.get(SecretId), { versionId, stage }))),
        );
      }
      case 'PutSecretValue': {
        const input = inputOf('PutSecretValue', body);
        requireSecret(call, operation, input.SecretId);
        const secret = secrets.find(input.SecretId);
        if (secret?.kmsKeyId !== undefined) requireKey(call, secret.arn, secret.kmsKeyId, WRITING);
        return call.perform(operation, () => {
          const known = secrets.get(input.SecretId);
          const version = secrets.put(
            known,
            input.ClientRequestToken ?? randomUUID(),
            contentOf(input),
            input.VersionStages,
          );
          return answer({ ARN: known.arn, Name: known.name, VersionId: version.id, VersionStages: version.stages });
        });
      }
      case 'UpdateSecretVersionStage': {
        const { SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId } = inputOf(operation, body);
        requireSecret(call, operation, SecretId, { 'secretsmanager:VersionStage': VersionStage });
        return call.perform(operation, () => {
          const secret = secrets.get(SecretId);
          secrets.moveStage(secret, VersionStage, RemoveFromVersionId, MoveToVersionId);
          return answer({ ARN: secret.arn, Name: secret.name });
        });
      }
      case 'DescribeSecret': {
        const { SecretId } = inputOf(operation, body);
        requireSecret(call, operation, SecretId);
        return call.perform(operation, () => answer(descriptionOf(secrets.get(SecretId))));
      }
      case 'ListSecretVersionIds': {
        const { SecretId, IncludeDeprecated } = inputOf(operation, body);
        requireSecret(call, operation, SecretId);
        return call.perform(operation, () => answer(versionsAnswer(secrets.get(SecretId), IncludeDeprecated ?? false)));
      }
      default:
        throw new AwsError('UnknownOperationException', `${operation.slice(0, 64)} is not offered here`, 400);
    }
  }

  /** A secret that does not exist has no ARN: AWS then checks what the caller named. */
  function requireSecret(call: ServiceCall, operation: string, id: string, conditions: Conditions = {}): void {
    const arn = secrets.find(id)?.arn ?? (id.startsWith('arn:') ? id : arnIn(place, 'secretsmanager', `secret:${id}`));
    call.require(`secretsmanager:${operation}`, arn, contextOf({ 'secretsmanager:SecretId': arn, ...conditions }));
  }

  /** Secrets Manager uses a customer managed key with the caller's permissions. */
  function requireKey(call: ServiceCall, secretArn: string, keyId: string, actions: readonly string[]): void {
    const context = contextOf({
      'aws:ViaAWSService': 'true',
      'kms:ViaService': `secretsmanager.${place.region}.amazonaws.com`,
      'kms:CallerAccount': place.account,
      'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
      'kms:EncryptionContextKeys': ['SecretARN'],
      'kms:EncryptionContext:SecretARN': secretArn,
    });
    for (const action of actions) call.require(action, keys.get(keyId).arn, context);
  }
}

type Conditions = Readonly<Record<string, string | undefined>>;

const READING = ['kms:Decrypt'];
/** A new version is encrypted under a new data key, and Secrets Manager checks that it can read it back. */
const WRITING = ['kms:GenerateDataKey', 'kms:Decrypt'];

function inputOf<K extends keyof typeof INPUTS>(operation: K, body: unknown): z.infer<(typeof INPUTS)[K]> {
  const result = INPUTS[operation].safeParse(body);
  if (result.success) return result.data as z.infer<(typeof INPUTS)[K]>;
  const [issue] = result.error.issues;
  throw new AwsError('InvalidParameterException', `${issue?.path.join('.')}: ${issue?.message}`, 400);
}

function contentOf({ SecretString, SecretBinary }: { SecretString?: string; SecretBinary?: string }): SecretValue {
  if (SecretString !== undefined && SecretBinary === undefined) return { value: SecretString, binary: false };
  if (SecretBinary !== undefined && SecretString === undefined) return { value: SecretBinary, binary: true };
  throw new AwsError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.', 400);
}

function valueAnswer({ arn, name }: Secret, { id, stages, value, binary, createdAt }: SecretVersion) {
  const content = binary ? { SecretBinary: value } : { SecretString: value };
  return { ARN: arn, Name: name, VersionId: id, VersionStages: stages, CreatedDate: createdAt / 1000, ...content };
}

function descriptionOf({ arn, name, kmsKeyId, createdAt, versions }: Secret) {
  const stages = versions.filter((version) => version.stages.length > 0).map(({ id, stages: on }) => [id, on]);
  return {
    ARN: arn,
    Name: name,
    ...(kmsKeyId === undefined ? {} : { KmsKeyId: kmsKeyId }),
    CreatedDate: createdAt / 1000,
    VersionIdsToStages: Object.fromEntries(stages),
  };
}

function versionsAnswer({ arn, name, versions }: Secret, deprecatedToo: boolean) {
  const listed = versions.filter(({ stages }) => deprecatedToo || stages.length > 0);
  return {
    ARN: arn,
    Name: name,
    Versions: listed.map(({ id, stages, createdAt }) => ({
      VersionId: id,
      VersionStages: stages,
      CreatedDate: createdAt / 1000,
    })),
  };
}
