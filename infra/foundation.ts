import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { TableNoun } from '../core/names.ts';
import type { Tokens } from './constructs/token-issuer.ts';
import type { StageConfig } from './stage-config.ts';

export type SecretName = 'hostKeys' | 'pins' | 'routerHostKeys' | 'linkKey' | 'anchorKey' | 'certificate';

/**
 * What the stateful stack hands to the others. They use it by CloudFormation's strong references (Export and
 * ImportValue): an export in use cannot be taken away by mistake.
 */
export type Foundation = {
  readonly key: IKey;
  readonly tables: Readonly<Record<TableNoun, ITable>>;
  readonly secrets: Readonly<Record<SecretName, ISecret>>;
  readonly tokens: Tokens;
};

/** What whoever makes functions needs, besides what each of them is for. */
export type FunctionParts = {
  readonly config: StageConfig;
  readonly foundation: Foundation;
  /** The folder that `bundle` filled. */
  readonly assets: string;
};
