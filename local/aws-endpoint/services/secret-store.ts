import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-error.ts';
import { type JsonFile, jsonFile } from '../json-file.ts';
import { arnIn, type Place } from '../service.ts';

const SecretVersion = z.object({
  id: z.string(),
  stages: z.array(z.string()),
  /** Base64 for a binary secret. */
  value: z.string(),
  binary: z.boolean(),
  createdAt: z.number(),
});
const Secret = z.object({
  arn: z.string(),
  name: z.string(),
  kmsKeyId: z.string().optional(),
  createdAt: z.number(),
  versions: z.array(SecretVersion),
});

export type SecretVersion = z.infer<typeof SecretVersion>;
export type Secret = z.infer<typeof Secret>;

export interface SecretValue {
  readonly value: string;
  readonly binary: boolean;
}

export interface NewSecret extends SecretValue {
  readonly name: string;
  /** Default: the name and six random characters, as AWS makes it. */
  readonly arn?: string;
  /** ARN, id or alias of a customer managed key. */
  readonly kmsKeyId?: string;
  readonly versionId?: string;
}

export interface SecretDescription {
  readonly name: string;
  readonly arn: string;
  /** ARN, id or alias of a customer managed key. */
  readonly kmsKeyId?: string;
}

export interface SecretStoreOptions {
  readonly place: Place;
  /** Where secrets are kept; without it they last as long as the process. */
  readonly path?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

/** Secrets with their versions and stages, as AWS Secrets Manager keeps them. */
export class SecretStore {
  private readonly secrets: Secret[];
  private readonly file: JsonFile<Secret[]>;
  private readonly options: SecretStoreOptions;

  constructor(options: SecretStoreOptions) {
    this.options = options;
    this.file = jsonFile(options.path, (value) => z.array(Secret).parse(value));
    this.secrets = this.file.read() ?? [];
  }

  /** Finds a secret by its name or ARN; an ARN may lack the six random characters ("partial ARN"). */
  find(id: string): Secret | undefined {
    return this.secrets.find(
      ({ arn, name }) => id === arn || id === name || (id.startsWith('arn:') && arn.slice(0, -7) === id),
    );
  }

  /** @throws AwsError ResourceNotFoundException */
  get(id: string): Secret {
    const secret = this.find(id);
    if (secret) return secret;
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.", 400);
  }

  /** The ARN that a new secret of that name gets. */
  newArn(name: string): string {
    const suffix = randomBytes(3).toString('hex');
    return arnIn(this.options.place, 'secretsmanager', `secret:${name}-${suffix}`);
  }

  /**
   * Has a secret as a template describes it: made if it is not there, without a version until somebody puts one; kept with
   * its versions if it is.
   */
  ensure({ name, arn, kmsKeyId }: SecretDescription): Secret {
    const known = this.secrets.find((secret) => secret.name === name);
    const secret: Secret = known ?? { arn, name, createdAt: this.now(), versions: [] };
    if (!known) this.secrets.push(secret);
    secret.arn = arn;
    secret.kmsKeyId = kmsKeyId;
    this.save();
    return secret;
  }

  /** @throws AwsError ResourceExistsException when the name is taken */
  create({ name, arn = this.newArn(name), kmsKeyId, versionId = randomUUID(), value, binary }: NewSecret): Secret {
    if (this.secrets.some((secret) => secret.name === name))
      throw new AwsError(
        'ResourceExistsException',
        `The operation failed because the secret ${name} already exists.`,
        400,
      );
    const createdAt = this.now();
    const secret: Secret = {
      arn,
      name,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      createdAt,
      versions: [{ id: versionId, stages: [CURRENT], value, binary, createdAt }],
    };
    this.secrets.push(secret);
    this.save();
    return secret;
  }

  /** @throws AwsError ResourceNotFoundException */
  version(
    secret: Secret,
    { versionId, stage = versionId === undefined ? CURRENT : undefined }: VersionQuery,
  ): SecretVersion {
    const found = secret.versions.find(
      ({ id, stages }) => (versionId ?? id) === id && (stage === undefined || stages.includes(stage)),
    );
    if (found) return found;
    const asked = versionId === undefined ? `staging label: ${stage}` : `VersionId: ${versionId}`;
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${asked}`,
      400,
    );
  }

  /** Adds a version. The same id with the same content is no new version; with other content it is refused. */
  put(
    secret: Secret,
    versionId: string,
    { value, binary }: SecretValue,
    stages: readonly string[] = [CURRENT],
  ): SecretVersion {
    const known = secret.versions.find(({ id }) => id === versionId);
    if (known && (known.value !== value || known.binary !== binary))
      throw new AwsError(
        'ResourceExistsException',
        `A version with that id and other content exists: ${versionId}`,
        400,
      );
    const version = known ?? { id: versionId, stages: [], value, binary, createdAt: this.now() };
    if (!known) secret.versions.push(version);
    for (const stage of stages) this.attach(secret, stage, version);
    this.save();
    return version;
  }

  /** Moves a stage as UpdateSecretVersionStage does; it must be taken away where it is. */
  moveStage(secret: Secret, stage: string, from: string | undefined, to: string | undefined): void {
    const holder = secret.versions.find(({ stages }) => stages.includes(stage));
    if (from !== undefined && holder?.id !== from)
      throw new AwsError('InvalidParameterException', `The staging label ${stage} is not on version ${from}.`, 400);
    if (to !== undefined && holder && holder.id !== to && from === undefined)
      throw new AwsError(
        'InvalidParameterException',
        `The staging label ${stage} is on version ${holder.id}: name it.`,
        400,
      );
    if (to !== undefined) this.attach(secret, stage, this.version(secret, { versionId: to }));
    else if (stage === CURRENT) throw new AwsError('InvalidParameterException', `${CURRENT} can only be moved.`, 400);
    else if (holder) detach(holder, stage);
    this.save();
  }

  /** A stage is on one version at a time; the version that loses AWSCURRENT becomes AWSPREVIOUS. */
  private attach(secret: Secret, stage: string, version: SecretVersion): void {
    const holder = secret.versions.find(({ stages }) => stages.includes(stage));
    if (holder === version) return;
    if (holder) detach(holder, stage);
    version.stages.push(stage);
    if (stage === CURRENT && holder) this.attach(secret, PREVIOUS, holder);
  }

  private save(): void {
    this.file.write(this.secrets);
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}

export interface VersionQuery {
  readonly versionId?: string;
  readonly stage?: string;
}

function detach(version: SecretVersion, stage: string): void {
  version.stages.splice(version.stages.indexOf(stage), 1);
}
