import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AaaaRecord,
  ARecord,
  CaaRecord,
  CaaTag,
  HostedZone,
  type IHostedZone,
  PublicHostedZone,
  RecordTarget,
} from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { FrontDoor, FrontDoors } from '../front-doors.ts';
import type { StageConfig } from '../stage-config.ts';

/** Long enough to be cached through a session, short enough that a door which moves is found again soon. */
const ttl = Duration.seconds(60);

/** Whom public authorities may take for ours; with none named, any may issue. */
export type CertificateAuthorities = { readonly names: readonly string[]; readonly reportTo?: string };

/**
 * The domain's zone with two names in it: `relay`, where devices dial, and `*`, where operators do. Every name that the
 * routers know falls under the second; none is ever written down for a device.
 */
export class Zone extends Construct {
  readonly zone: IHostedZone;
  /** Known where the zone was made here. */
  readonly nameServers: readonly string[] | undefined;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly domain: string;
      readonly dns: Exclude<StageConfig['dns'], { kind: 'elsewhere' }>;
      readonly doors: FrontDoors;
      readonly authorities: CertificateAuthorities;
    },
  ) {
    super(scope, id);
    const { domain, dns, doors } = options;
    if (dns.kind === 'made') {
      const made = new PublicHostedZone(this, 'Zone', {
        zoneName: domain,
        comment: 'Sallyport: devices and operators',
      });
      // A zone that is made again has other name servers: the parent would delegate to nobody.
      made.applyRemovalPolicy(RemovalPolicy.RETAIN);
      this.nameServers = made.hostedZoneNameServers;
      this.zone = made;
      this.authorise(made, options.authorities);
    } else {
      this.zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId: dns.zoneId, zoneName: domain });
    }
    this.lead('Relay', 'relay', doors.relay);
    this.lead('Wildcard', '*', doors.router);
  }

  private lead(id: string, recordName: string, door: FrontDoor): void {
    const shared = { zone: this.zone, recordName: `${recordName}.${this.zone.zoneName}` };
    if (door.kind === 'addresses') {
      new ARecord(this, `${id}4`, { ...shared, ttl, target: RecordTarget.fromIpAddresses(...door.ipv4) });
      return;
    }
    const target = RecordTarget.fromAlias(new LoadBalancerTarget(door.balancer));
    new ARecord(this, `${id}4`, { ...shared, target });
    new AaaaRecord(this, `${id}6`, { ...shared, target });
  }

  /** RFC 8659: without `issuewild` a wildcard follows `issue`; both are said so that nobody has to know that. */
  private authorise(zone: IHostedZone, { names, reportTo }: CertificateAuthorities): void {
    if (names.length === 0) return;
    const shared = { flag: 0 } as const;
    new CaaRecord(this, 'Authorities', {
      zone,
      recordName: zone.zoneName,
      ttl: Duration.hours(1),
      values: [
        ...names.map((value) => ({ ...shared, tag: CaaTag.ISSUE, value })),
        ...names.map((value) => ({ ...shared, tag: CaaTag.ISSUEWILD, value })),
        ...(reportTo === undefined ? [] : [{ ...shared, tag: CaaTag.IODEF, value: `mailto:${reportTo}` }]),
      ],
    });
  }
}
