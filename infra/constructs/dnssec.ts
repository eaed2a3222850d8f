import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { CfnDNSSEC, CfnKeySigningKey, type IHostedZone } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';

const signer = () =>
  new ServicePrincipal('dnssec-route53.amazonaws.com').withConditions({
    StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
    ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:route53:::hostedzone/*` },
  });

/** The key by which the zone's own key is vouched for. Route 53 takes ECC_NIST_P256 of us-east-1 and nothing else. */
export class DnssecKey extends Key {
  constructor(scope: Construct, id: string, options: { readonly alias: string }) {
    super(scope, id, {
      alias: options.alias,
      description: 'Sallyport: signs the DNS zone',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      // While the parent has a DS record, a zone without this key cannot be resolved.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Sign',
        principals: [signer()],
        actions: ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign'],
        // In a key's policy `*` is the key itself.
        resources: ['*'],
      }),
    );
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Lend',
        principals: [signer()],
        actions: ['kms:CreateGrant'],
        resources: ['*'],
        conditions: { Bool: { 'kms:GrantIsForAWSResource': true } },
      }),
    );
  }
}

/**
 * Signs a zone. Nobody checks it before the parent has the DS record, which is put there by hand, and nobody may take it
 * away while the parent has it: docs/certificates.md has the order of both.
 */
export class SignedZone extends Construct {
  constructor(scope: Construct, id: string, options: { readonly zone: IHostedZone; readonly keyArn: string }) {
    super(scope, id);
    const { hostedZoneId } = options.zone;
    const key = new CfnKeySigningKey(this, 'KeySigningKey', {
      hostedZoneId,
      name: 'sallyport',
      status: 'ACTIVE',
      keyManagementServiceArn: options.keyArn,
    });
    new CfnDNSSEC(this, 'Dnssec', { hostedZoneId }).addResourceDependency(key);
  }
}
