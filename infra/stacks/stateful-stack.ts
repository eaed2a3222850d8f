import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type TableNoun, tables } from '../../core/names.ts';
import { HouseKey } from '../constructs/house-key.ts';
import { SecretSet } from '../constructs/secret-set.ts';
import { TableSet } from '../constructs/table-set.ts';
import { TokenIssuer } from '../constructs/token-issuer.ts';
import type { Foundation } from '../foundation.ts';
import type { StageConfig } from '../stage-config.ts';

/**
 * What must outlive every deployment: the key, the tables, the secrets, the operators' pool. Everything here is kept
 * when the stack is deleted, and a test pins each logical id, because a changed one is a new and empty resource.
 */
export class StatefulStack extends Stack {
  readonly foundation: Foundation;

  constructor(scope: Construct, id: string, props: StackProps & { readonly config: StageConfig }) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config } = props;
    const key = new HouseKey(this, 'Key', { alias: `sallyport/${config.name}` });
    const tableSet = new TableSet(this, 'Tables', { key, auditStream: config.auditExport !== undefined }).byNoun;
    const secrets = new SecretSet(this, 'Secrets', { key });
    const issuer = new TokenIssuer(this, 'Tokens', { config });
    this.foundation = { key, tables: tableSet, secrets, tokens: issuer.tokens };

    for (const [noun, table] of Object.entries(tableSet))
      new CfnOutput(this, `Table${tables[noun as TableNoun]}`, { value: table.tableName });
    new CfnOutput(this, 'CertificateSecret', { value: secrets.certificate.secretArn });
    new CfnOutput(this, 'PinsSecret', { value: secrets.pins.secretArn });
    new CfnOutput(this, 'TokenIssuer', { value: issuer.tokens.issuer });
    new CfnOutput(this, 'TokenAudience', { value: issuer.tokens.audience });
    if (issuer.userPool !== undefined) new CfnOutput(this, 'UserPool', { value: issuer.userPool.userPoolId });
  }
}
