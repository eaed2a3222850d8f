import { type ISecurityGroup, type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** A security group that admits nothing and lets nothing out until told, and says why of each opening. */
export class HouseWall extends SecurityGroup {
  constructor(scope: Construct, id: string, options: { readonly vpc: IVpc; readonly description: string }) {
    super(scope, id, {
      vpc: options.vpc,
      description: options.description,
      allowAllOutbound: false,
      disableInlineRules: true,
    });
  }

  /** Everybody: front ports only. By IPv6 too, where there is an IPv6 address that callers know. */
  admitAll(port: number, why: string, families: 'IPv4' | 'both'): void {
    this.addIngressRule(Peer.anyIpv4(), Port.tcp(port), why);
    if (families === 'both') this.addIngressRule(Peer.anyIpv6(), Port.tcp(port), why);
  }

  /** A way from this one into another: out here, in there. */
  leadTo(other: ISecurityGroup, port: number, why: string): void {
    this.addEgressRule(other, Port.tcp(port), why);
    other.addIngressRule(this, Port.tcp(port), why);
  }

  /** Out to anybody on that port: AWS's own services, and the issuer's published keys. */
  reachOut(port: number, why: string): void {
    this.addEgressRule(Peer.anyIpv4(), Port.tcp(port), why);
    this.addEgressRule(Peer.anyIpv6(), Port.tcp(port), why);
  }
}
