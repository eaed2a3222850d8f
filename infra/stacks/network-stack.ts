import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnEIP, type ISecurityGroup, type IVpc } from 'aws-cdk-lib/aws-ec2';
import type { INetworkTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { Balancer } from '../constructs/balancer.ts';
import { HouseVpc } from '../constructs/house-vpc.ts';
import { HouseWall } from '../constructs/house-wall.ts';
import { type FrontDoors, hostOf } from '../front-doors.ts';
import { deregistrationSeconds, frontPorts, ports } from '../house.ts';
import type { StageConfig } from '../stage-config.ts';

/** What the relays and routers of a profile run behind. */
export type Ground =
  | {
      readonly kind: 'standard';
      readonly vpc: IVpc;
      readonly relay: { readonly wall: ISecurityGroup; readonly target: INetworkTargetGroup };
      readonly router: { readonly wall: ISecurityGroup; readonly target: INetworkTargetGroup };
    }
  | {
      readonly kind: 'small';
      readonly vpc: IVpc;
      readonly wall: ISecurityGroup;
      /** One an instance, which takes its own at start. */
      readonly addresses: readonly CfnEIP[];
    };

type Props = StackProps & { readonly config: StageConfig; readonly key: IKey };

/** The network and what stands in it by name or address, so that these outlive every change of the fleets. */
export class NetworkStack extends Stack {
  readonly doors: FrontDoors;
  readonly ground: Ground;

  private readonly zoneCount: number;
  private readonly zoneNames: readonly string[] | undefined;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id, props);
    const { config, key } = props;
    this.zoneNames = typeof config.zones === 'number' ? undefined : config.zones;
    this.zoneCount = typeof config.zones === 'number' ? config.zones : config.zones.length;
    const { vpc } = new HouseVpc(this, 'Network', { config, key });
    const made = config.profile === 'small' ? this.small(vpc, config) : this.standard(vpc, config);
    this.doors = made.doors;
    this.ground = made.ground;
    new CfnOutput(this, 'RelayAddress', { value: hostOf(this.doors.relay) });
    new CfnOutput(this, 'RouterAddress', { value: hostOf(this.doors.router) });
  }

  /** Without an account the CDK counts two zones and no more, so they are asked of CloudFormation here. */
  override get availabilityZones(): string[] {
    if (this.zoneNames !== undefined) return [...this.zoneNames];
    return Array.from({ length: this.zoneCount }, (_, at) => Fn.select(at, Fn.getAzs()));
  }

  private standard(vpc: IVpc, config: StageConfig): { readonly doors: FrontDoors; readonly ground: Ground } {
    const relay = new Balancer(this, 'RelayFront', {
      vpc,
      frontPorts: frontPorts.relay,
      port: ports.relay,
      deregistrationSeconds: deregistrationSeconds.relay,
      purpose: 'devices dial the relays',
    });
    const router = new Balancer(this, 'RouterFront', {
      vpc,
      frontPorts: frontPorts.router,
      port: ports.router,
      deregistrationSeconds: deregistrationSeconds.router,
      purpose: 'operators dial the routers',
    });
    const relays = new HouseWall(this, 'Relays', { vpc, description: 'Sallyport: instances of relays' });
    const routers = new HouseWall(this, 'Routers', { vpc, description: 'Sallyport: instances of routers' });
    relay.wall.leadTo(relays, ports.relay, 'devices, and health checks');
    router.wall.leadTo(routers, ports.router, 'operators, and health checks');
    routers.leadTo(relays, ports.door, 'routers bring user connections to the doors');
    relays.reachOut(443, 'AWS');
    for (const port of outwardPorts(config)) routers.reachOut(port, 'AWS, and the keys of the token issuer');
    return {
      doors: {
        relay: { kind: 'balancer', balancer: relay.balancer },
        router: { kind: 'balancer', balancer: router.balancer },
      },
      ground: {
        kind: 'standard',
        vpc,
        relay: { wall: relays, target: relay.target },
        router: { wall: routers, target: router.target },
      },
    };
  }

  private small(vpc: IVpc, config: StageConfig): { readonly doors: FrontDoors; readonly ground: Ground } {
    const wall = new HouseWall(this, 'Instances', { vpc, description: 'Sallyport: instances of relay and router' });
    // An instance's IPv6 address does not outlive it, so that no name leads there.
    for (const port of frontPorts.router)
      wall.admitAll(port, 'operators, and agents that wrap their SSH in TLS', 'IPv4');
    wall.admitAll(ports.relay, 'devices, bare SSH', 'IPv4');
    // Two instances: a router may be sent to the other's relay.
    wall.leadTo(wall, ports.door, 'routers bring user connections to the doors');
    for (const port of outwardPorts(config)) wall.reachOut(port, 'AWS, and the keys of the token issuer');
    const addresses = Array.from(
      { length: config.capacity.instances.count },
      (_, at) => new CfnEIP(this, `Address${at + 1}`, { domain: 'vpc' }),
    );
    const door = { kind: 'addresses', ipv4: addresses.map((address) => address.attrPublicIp) } as const;
    return { doors: { relay: door, router: door }, ground: { kind: 'small', vpc, wall, addresses } };
  }
}

/** HTTPS, and the port of an issuer that publishes its keys elsewhere. */
const outwardPorts = ({ tokens }: StageConfig): readonly number[] => {
  const own = tokens.kind === 'oidc' ? Number(new URL(tokens.jwks).port || '443') : 443;
  return own === 443 ? [443] : [443, own];
};
