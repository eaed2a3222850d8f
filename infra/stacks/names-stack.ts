import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { authoritiesOf, CertificateSource } from '../constructs/certificate-source.ts';
import { DnssecKey, SignedZone } from '../constructs/dnssec.ts';
import { Zone } from '../constructs/zone.ts';
import type { Foundation } from '../foundation.ts';
import type { FrontDoors } from '../front-doors.ts';
import type { StageConfig } from '../stage-config.ts';

type Props = StackProps & { readonly config: StageConfig };

/** The domain's names and the certificate for them. A stage without a domain, or with its names elsewhere, has none. */
export class NamesStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    props: Props & {
      readonly domain: string;
      readonly dns: Exclude<StageConfig['dns'], { kind: 'elsewhere' }>;
      readonly foundation: Foundation;
      readonly doors: FrontDoors;
      readonly assets: string;
    },
  ) {
    super(scope, id, { ...props, terminationProtection: true });
    const { config, domain, dns, doors } = props;
    const { zone, nameServers } = new Zone(this, 'Zone', {
      ...{ domain, dns, doors },
      authorities: authoritiesOf(config.certificate),
    });
    if (config.certificate !== undefined)
      new CertificateSource(this, 'Certificate', { ...props, choice: config.certificate, zone });

    new CfnOutput(this, 'ZoneId', { value: zone.hostedZoneId });
    if (nameServers !== undefined)
      new CfnOutput(this, 'NameServers', {
        description: "The parent's NS records of this domain",
        value: Fn.join(' ', [...nameServers]),
      });
    const keyArn = dns.kind === 'made' ? dns.dnssec?.key : undefined;
    if (keyArn === undefined) return;
    new SignedZone(this, 'Signed', { zone, keyArn });
    // CloudFormation knows no attribute for it.
    new CfnOutput(this, 'DsRecordCommand', {
      description: 'Shows the DS record for the parent',
      value: `aws route53 get-dnssec --hosted-zone-id ${zone.hostedZoneId} --query KeySigningKeys[0].DSRecord --output text`,
    });
  }
}

/** In us-east-1, wherever the stage is: Route 53 uses no other Region's keys for DNSSEC. */
export class DnssecStack extends Stack {
  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id, { ...props, env: { region: 'us-east-1' }, terminationProtection: true });
    const key = new DnssecKey(this, 'Key', { alias: `sallyport/${id}` });
    new CfnOutput(this, 'KeyArn', { description: 'For dns.dnssec.key of the stage config', value: key.keyArn });
  }
}
