import type { StageConfigInput } from '../../infra/stage-config.ts';
import { resourcesOf, type Stage, synthesizeStage, textOf, withoutHashes } from './stage.ts';

const domain = 'tunnels.example.com';
const stage = (config: Partial<StageConfigInput>): Stage => synthesizeStage({ region: 'eu-west-1', domain, ...config });
const standard = stage({ profile: 'standard', zones: 3 });
const small = stage({ profile: 'small' });

type Opening = { readonly to: string; readonly port: string; readonly from: string };
/** Every opening of every security group, as `group port source`. */
const openings = ({ network }: Stage, type: 'Ingress' | 'Egress'): readonly Opening[] =>
  resourcesOf(network, `AWS::EC2::SecurityGroup${type}`).map(([, { Properties }]) => ({
    to: textOf(Properties.GroupId),
    port: `${Properties.IpProtocol} ${Properties.FromPort}-${Properties.ToPort}`,
    from: textOf(
      Properties.CidrIp ??
        Properties.CidrIpv6 ??
        Properties.SourceSecurityGroupId ??
        Properties.DestinationSecurityGroupId,
    ),
  }));
const lines = (list: readonly Opening[]) => list.map(({ to, port, from }) => `${to} ${port} ${from}`).sort();

/** Where functions tell devices to dial. */
const toldOf = ({ control }: Stage): { readonly host: unknown; readonly port: unknown } => {
  const [[, request] = []] = resourcesOf(control, 'AWS::Lambda::Function').filter(([id]) =>
    id.startsWith('FunctionsTunnelRequestFunction'),
  );
  const { SALLYPORT_RELAY_HOST: host, SALLYPORT_RELAY_PORT: port } = request?.Properties.Environment.Variables ?? {};
  return { host, port };
};

describe('standard', () => {
  const { network } = standard;

  test('has a public subnet in each of three zones, both families, and no NAT gateway', () => {
    const subnets = resourcesOf(network, 'AWS::EC2::Subnet');
    expect(subnets.map(([, { Properties }]) => textOf(Properties.AvailabilityZone['Fn::Select']?.[0]))).toEqual([
      '0',
      '1',
      '2',
    ]);
    for (const [, { Properties }] of subnets)
      expect(Properties).toMatchObject({ AssignIpv6AddressOnCreation: true, MapPublicIpOnLaunch: false });
    network.resourceCountIs('AWS::EC2::NatGateway', 0);
    network.hasResourceProperties('AWS::EC2::VPCCidrBlock', { AmazonProvidedIpv6CidrBlock: true });
  });

  test('admits the internet to the balancers only, and the balancers to the instances', () => {
    expect(lines(openings(standard, 'Ingress'))).toEqual([
      '<RelayFrontWall> tcp 443-443 0.0.0.0/0',
      '<RelayFrontWall> tcp 443-443 ::/0',
      '<Relays> tcp 2222-2222 <RelayFrontWall>',
      '<Relays> tcp 7022-7022 <Routers>',
      '<RouterFrontWall> tcp 22-22 0.0.0.0/0',
      '<RouterFrontWall> tcp 22-22 ::/0',
      '<RouterFrontWall> tcp 443-443 0.0.0.0/0',
      '<RouterFrontWall> tcp 443-443 ::/0',
      '<RouterFrontWall> tcp 80-80 0.0.0.0/0',
      '<RouterFrontWall> tcp 80-80 ::/0',
      '<Routers> tcp 8443-8443 <RouterFrontWall>',
    ]);
  });

  test('lets instances out to HTTPS and to the doors, and nowhere else', () => {
    expect(lines(openings(standard, 'Egress'))).toEqual([
      '<RelayFrontWall> tcp 2222-2222 <Relays>',
      '<Relays> tcp 443-443 0.0.0.0/0',
      '<Relays> tcp 443-443 ::/0',
      '<RouterFrontWall> tcp 8443-8443 <Routers>',
      '<Routers> tcp 443-443 0.0.0.0/0',
      '<Routers> tcp 443-443 ::/0',
      '<Routers> tcp 7022-7022 <Relays>',
    ]);
    // No opening stands in a group itself but the rule that lets nothing out.
    for (const [, { Properties }] of resourcesOf(network, 'AWS::EC2::SecurityGroup')) {
      expect(Properties.SecurityGroupIngress).toBeUndefined();
      for (const { CidrIp } of Properties.SecurityGroupEgress ?? []) expect(CidrIp).toBe('255.255.255.255/32');
    }
  });

  test.each([
    ['RelayFront', 2222, '5'],
    ['RouterFront', 8443, '150'],
  ])('%s hands TCP on with a PROXY header, forgets slowly and cuts nothing', (id, port, delay) => {
    const [[, target] = []] = resourcesOf(network, 'AWS::ElasticLoadBalancingV2::TargetGroup').filter(([name]) =>
      name.startsWith(id),
    );
    expect(target?.Properties).toMatchObject({
      Protocol: 'TCP',
      Port: port,
      TargetType: 'instance',
      HealthCheckProtocol: 'TCP',
    });
    expect(
      Object.fromEntries(
        target?.Properties.TargetGroupAttributes.map((one: { Key: string; Value: string }) => [one.Key, one.Value]),
      ),
    ).toEqual({
      'proxy_protocol_v2.enabled': 'true',
      'preserve_client_ip.enabled': 'false',
      'deregistration_delay.timeout_seconds': delay,
      'deregistration_delay.connection_termination.enabled': 'false',
      'target_health_state.unhealthy.connection_termination.enabled': 'false',
    });
  });

  test('every listener passes TCP and waits an hour for an idle flow', () => {
    const listeners = resourcesOf(network, 'AWS::ElasticLoadBalancingV2::Listener');
    expect(listeners.map(([, { Properties }]) => Properties.Port).sort()).toEqual([22, 443, 443, 80]);
    for (const [, { Properties }] of listeners)
      expect(Properties).toMatchObject({
        Protocol: 'TCP',
        ListenerAttributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '3600' }],
      });
  });

  test('balancers face the internet by both families, behind a group, across zones', () => {
    for (const [, { Properties }] of resourcesOf(network, 'AWS::ElasticLoadBalancingV2::LoadBalancer')) {
      expect(Properties).toMatchObject({ Type: 'network', Scheme: 'internet-facing', IpAddressType: 'dualstack' });
      expect(Properties.SecurityGroups).toHaveLength(1);
      expect(Properties.Subnets).toHaveLength(3);
      expect(Properties.LoadBalancerAttributes).toEqual(
        expect.arrayContaining([
          { Key: 'load_balancing.cross_zone.enabled', Value: 'true' },
          { Key: 'zonal_shift.config.enabled', Value: 'true' },
        ]),
      );
    }
  });

  test('notes who was refused, for a set time and under the key', () => {
    network.hasResourceProperties('AWS::EC2::FlowLog', {
      TrafficType: 'REJECT',
      LogDestinationType: 'cloud-watch-logs',
    });
    network.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 14 });
  });

  test('without a domain, devices are told the name of the balancer', () => {
    const unnamed = synthesizeStage({ profile: 'standard' });
    const { host, port } = toldOf(unnamed);
    expect(JSON.stringify(host)).toContain('RelayFrontBalancer');
    expect(JSON.stringify(host)).toContain('DNSName');
    expect(port).toBe('443');
  });

  test('an issuer that publishes its keys on another port is reached there', () => {
    const tokens = {
      kind: 'oidc',
      issuer: 'https://id.example.com',
      audience: 'a',
      jwks: 'https://id.example.com:8443/k',
    } as const;
    const own = lines(openings(stage({ profile: 'standard', tokens }), 'Egress'));
    expect(own).toContain('<Routers> tcp 8443-8443 0.0.0.0/0');
    expect(own).not.toContain('<Relays> tcp 8443-8443 0.0.0.0/0');
  });

  test('zones may be named', () => {
    const named = stage({ profile: 'standard', zones: ['eu-west-1a', 'eu-west-1c'] });
    const zones = resourcesOf(named.network, 'AWS::EC2::Subnet').map(
      ([, { Properties }]) => Properties.AvailabilityZone,
    );
    expect(zones).toEqual(['eu-west-1a', 'eu-west-1c']);
  });
});

describe('small', () => {
  test('has neither balancer nor NAT gateway, and one address an instance', () => {
    small.network.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 0);
    small.network.resourceCountIs('AWS::EC2::NatGateway', 0);
    small.network.resourceCountIs('AWS::EC2::EIP', 1);
    const two = stage({ profile: 'small', capacity: { instances: { count: 2 } } });
    two.network.resourceCountIs('AWS::EC2::EIP', 2);
  });

  test('shows the front ports and no others, by the address that callers know', () => {
    expect(lines(openings(small, 'Ingress'))).toEqual(
      [22, 2222, 443, 80]
        .map((port) => `<Instances> tcp ${port}-${port} 0.0.0.0/0`)
        .concat('<Instances> tcp 7022-7022 <Instances>')
        .sort(),
    );
  });

  test('without a domain, devices are told the address', () => {
    const unnamed = synthesizeStage({ profile: 'small' });
    const { host, port } = toldOf(unnamed);
    expect(JSON.stringify(host)).toContain('Address1');
    expect(port).toBe('2222');
  });
});

test('what stands by name or address keeps its logical id', () => {
  const ids = (template: Stage['network'], type: string) => resourcesOf(template, type).map(([id]) => id);
  expect(ids(standard.network, 'AWS::ElasticLoadBalancingV2::LoadBalancer')).toEqual([
    'RelayFrontBalancerC65500EF',
    'RouterFrontBalancer80290C93',
  ]);
  expect(ids(small.network, 'AWS::EC2::EIP')).toEqual(['Address1']);
});

test.each([
  ['standard', standard],
  ['small', small],
])('the template of %s is this', (_, { network }) => {
  expect(withoutHashes(network)).toMatchSnapshot();
});
