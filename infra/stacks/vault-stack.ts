import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { vaultNames } from '../audit-vault.ts';

/**
 * Copies of audit records that nobody can change or remove before their time, the account's root included: Object Lock in
 * compliance mode. Best in an account of its own, which grants the writer's account one thing: to add.
 */
export class VaultStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    props: StackProps & {
      readonly stage: string;
      readonly lockDays: number;
      /** Whether records come from another account, which is then a parameter of the deployment. */
      readonly foreign: boolean;
    },
  ) {
    super(scope, id, { ...props, terminationProtection: true });
    const { stage, lockDays } = props;
    const names = vaultNames(stage, { account: this.account, region: this.region });
    const key = new Key(this, 'Key', {
      alias: names.keyAlias,
      description: 'Sallyport: copies of audit records',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const bucket = new Bucket(this, 'Bucket', {
      bucketName: names.bucket,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(lockDays)),
      // Nothing about people is kept for ever: a day after the lock is off, a copy goes.
      lifecycleRules: [
        { id: 'Forget', expiration: Duration.days(lockDays + 1), noncurrentVersionExpiration: Duration.days(1) },
      ],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    if (props.foreign) {
      const writer = new CfnParameter(this, 'WriterAccount', {
        description: 'The account from which Sallyport writes its audit records',
        allowedPattern: '\\d{12}',
      });
      const principals = [new AccountPrincipal(writer.valueAsString)];
      bucket.addToResourcePolicy(
        new PolicyStatement({
          sid: 'Add',
          principals,
          actions: ['s3:PutObject'],
          resources: [bucket.arnForObjects('audit/*')],
        }),
      );
      key.addToResourcePolicy(
        new PolicyStatement({
          sid: 'Add',
          principals,
          actions: ['kms:GenerateDataKey'],
          resources: ['*'],
          conditions: { StringEquals: { 'kms:ViaService': `s3.${this.region}.amazonaws.com` } },
        }),
      );
    }
    new CfnOutput(this, 'Vault', { value: bucket.bucketName });
  }
}
