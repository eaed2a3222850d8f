import { Aws } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, KeyAlgorithm } from 'aws-cdk-lib/aws-certificatemanager';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IHostedZone } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { FunctionParts } from '../foundation.ts';
import type { StageConfig } from '../stage-config.ts';
import { CertificateFunction } from './certificate-function.ts';
import type { CertificateAuthorities } from './zone.ts';

type Choice = StageConfig['certificate'];

/** Who may issue for the domain. Whoever brings a certificate knows its authority; we do not. */
export const authoritiesOf = (choice: Choice): CertificateAuthorities => {
  switch (choice?.kind) {
    case 'acm-exportable':
      return { names: ['amazon.com'] };
    case 'acme-dns01': {
      const { hostname } = new URL(choice.directory);
      return { names: hostname.endsWith('.letsencrypt.org') ? ['letsencrypt.org'] : [], reportTo: choice.email };
    }
    default:
      return { names: [] };
  }
};

/** Where the wildcard certificate comes from, and what brings it to the secret that routers follow. */
export class CertificateSource extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: FunctionParts & {
      readonly choice: Exclude<Choice, undefined>;
      readonly domain: string;
      readonly zone: IHostedZone;
    },
  ) {
    super(scope, id);
    const { choice, zone, domain } = options;
    if (choice.kind === 'acm-exportable') {
      // ACM bills a wildcard when it issues and renews it; P-256 spares routers most of a handshake's CPU.
      const certificate = new Certificate(this, 'Certificate', {
        domainName: `*.${domain}`,
        validation: CertificateValidation.fromDns(zone),
        keyAlgorithm: KeyAlgorithm.EC_PRIME256V1,
        allowExport: true,
      });
      new CertificateFunction(this, 'Export', {
        ...options,
        name: 'certificate-export',
        environment: { SALLYPORT_ACM_CERTIFICATE: certificate.certificateArn },
        statements: [
          new PolicyStatement({
            sid: 'Certificate',
            actions: ['acm:ExportCertificate', 'acm:GetCertificate'],
            resources: [certificate.certificateArn],
          }),
        ],
        pattern: {
          source: ['aws.acm'],
          detailType: ['ACM Certificate Available'],
          resources: [certificate.certificateArn],
        },
      });
    }
    if (choice.kind === 'acme-dns01')
      new CertificateFunction(this, 'Renew', {
        ...options,
        name: 'certificate-renew',
        environment: {
          SALLYPORT_ACME_DIRECTORY: choice.directory,
          SALLYPORT_ACME_EMAIL: choice.email,
          SALLYPORT_ZONE: zone.hostedZoneId,
        },
        statements: [
          new PolicyStatement({
            sid: 'Challenge',
            actions: ['route53:ChangeResourceRecordSets'],
            resources: [zone.hostedZoneArn],
            conditions: {
              'ForAllValues:StringEquals': {
                'route53:ChangeResourceRecordSetsNormalizedRecordNames': [`_acme-challenge.${domain}`],
                'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'],
              },
            },
          }),
          // The id of a change is known when it is made; what can be read of it is whether it is done.
          new PolicyStatement({
            sid: 'Change',
            actions: ['route53:GetChange'],
            resources: [`arn:${Aws.PARTITION}:route53:::change/*`],
          }),
        ],
      });
  }
}
