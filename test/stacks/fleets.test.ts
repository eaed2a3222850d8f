import { resourcesOf, type Stage, synthesizeStage, textOf, withoutHashes } from './stage.ts';

const domain = 'tunnels.example.com';
const standard = synthesizeStage({
  ...{ profile: 'standard', domain, region: 'eu-west-1', zones: 3 },
  capacity: { relays: { min: 3, max: 12 }, routers: { min: 2, max: 6 } },
});
const small = synthesizeStage({ profile: 'small', domain, region: 'eu-west-1' });

const only = ({ data }: Stage, type: string, prefix: string) => {
  const found = resourcesOf(data, type).filter(([id]) => id.startsWith(prefix));
  expect(found).toHaveLength(1);
  return found[0]?.[1].Properties;
};
/** User data as the instance sees it. */
const startOf = (stage: Stage, prefix: string): string => {
  const { UserData } = only(stage, 'AWS::EC2::LaunchTemplate', prefix).LaunchTemplateData;
  return textOf(UserData['Fn::Base64']);
};
const environmentOf = (stage: Stage, prefix: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    only(stage, 'AWS::ECS::TaskDefinition', prefix).ContainerDefinitions[0].Environment.map(
      (one: { Name: string; Value: unknown }) => [one.Name, one.Value],
    ),
  );

describe.each([
  ['standard', standard],
  ['small', small],
])('instances of %s', (_, stage) => {
  const templates = resourcesOf(stage.data, 'AWS::EC2::LaunchTemplate');

  test('ask for their metadata in version 2, one hop away, and are encrypted', () => {
    expect(templates.length).toBeGreaterThan(0);
    for (const [, { Properties }] of templates)
      expect(Properties.LaunchTemplateData).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
        NetworkInterfaces: [
          {
            AssociatePublicIpAddress: true,
            Ipv6AddressCount: 1,
            ConnectionTrackingSpecification: { TcpEstablishedTimeout: 3600 },
          },
        ],
      });
  });

  test('start with the newest image, whenever that is', () => {
    for (const [, { Properties }] of templates)
      expect(Properties.LaunchTemplateData.ImageId).toBe(
        'resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id',
      );
    const { data } = synthesizeStage({ profile: 'small', cpuArchitecture: 'x86_64' });
    for (const [, { Properties }] of resourcesOf(data, 'AWS::EC2::LaunchTemplate'))
      expect(Properties.LaunchTemplateData.ImageId).toBe(
        'resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id',
      );
  });

  test('are drained by ECS before they go', () => {
    for (const [, { Properties }] of resourcesOf(stage.data, 'AWS::ECS::CapacityProvider'))
      expect(Properties.AutoScalingGroupProvider.ManagedDraining).toBe('ENABLED');
  });

  test('keep our ports out of the ephemeral range, and their own role from the containers', () => {
    for (const [id] of templates) {
      const start = startOf(stage, id);
      expect(start).toContain('net.ipv4.ip_local_port_range=1024 65535');
      expect(start).toContain('net.ipv4.ip_local_reserved_ports=2222,2223,7022,8443,9464,9465');
      expect(start).toContain('net.core.somaxconn=65535');
      expect(start).toMatch(/nf_conntrack_max=\d+/);
      expect(start).toContain('-d 169.254.169.254 -m owner --uid-owner 1000 -j REJECT');
      expect(start).toContain('disable --now sshd');
      // Without it no task would be placed: each has a security option of Docker's.
      expect(start).toContain('ECS_SELINUX_CAPABLE=true');
      // EC2 takes 16 KB of user data.
      expect(start.length).toBeLessThan(8_000);
    }
  });
});

describe('standard', () => {
  test.each([
    ['Relays', 3, 12],
    ['Routers', 2, 6],
  ])('%s: one an instance, spread over zones, twice as many while a deployment lasts', (id, min, max) => {
    expect(only(standard, 'AWS::ECS::Service', id)).toMatchObject({
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
      PlacementConstraints: [{ Type: 'distinctInstance' }],
      PlacementStrategies: [{ Type: 'spread', Field: 'attribute:ecs.availability-zone' }],
      AvailabilityZoneRebalancing: 'DISABLED',
      LoadBalancers: [{ ContainerPort: id === 'Relays' ? 2222 : 8443 }],
      HealthCheckGracePeriodSeconds: 120,
    });
    // A count here would take back, at each deployment, what scaling did.
    expect(only(standard, 'AWS::ECS::Service', id).DesiredCount).toBeUndefined();
    expect(only(standard, 'AWS::AutoScaling::AutoScalingGroup', id)).toMatchObject({
      MinSize: String(min),
      MaxSize: String(2 * max),
      NewInstancesProtectedFromScaleIn: true,
    });
    expect(only(standard, 'AWS::ECS::CapacityProvider', id).AutoScalingGroupProvider).toMatchObject({
      ManagedScaling: { Status: 'ENABLED', TargetCapacity: 100 },
      ManagedTerminationProtection: 'ENABLED',
    });
    expect(only(standard, 'AWS::ApplicationAutoScaling::ScalableTarget', id)).toMatchObject({
      MinCapacity: min,
      MaxCapacity: max,
    });
  });

  test.each([
    ['Relays', 3],
    ['Routers', 10],
  ])('%s: all instances are replaced each month by a deployment, for ECS keeps the group from doing it', (id, day) => {
    expect(only(standard, 'AWS::AutoScaling::AutoScalingGroup', id).MaxInstanceLifetime).toBeUndefined();
    const { ScheduleExpression, Target } = only(standard, 'AWS::Scheduler::Schedule', id);
    expect(ScheduleExpression).toBe(`cron(0 3 ${day} * ? *)`);
    expect(textOf(Target.Arn)).toBe('arn:aws:scheduler:::aws-sdk:ecs:updateService');
    expect(JSON.parse(textOf(Target.Input))).toEqual({
      Cluster: '<Cluster>',
      Service: `<${id}Service>`,
      ForceNewDeployment: true,
    });
    const { AssumeRolePolicyDocument, Policies } = only(standard, 'AWS::IAM::Role', `${id}RenewalRole`);
    expect(AssumeRolePolicyDocument.Statement[0]).toMatchObject({
      Principal: { Service: 'scheduler.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
    const [{ Action, Resource }, ...more] = Policies[0].PolicyDocument.Statement;
    expect([Action, textOf(Resource), more]).toEqual(['ecs:UpdateService', `<${id}Service>`, []]);
  });

  test('relays scale by the tunnels that each holds, and by CPU; routers by CPU', () => {
    const policies = resourcesOf(standard.data, 'AWS::ApplicationAutoScaling::ScalingPolicy').map(
      ([id, { Properties }]) => [id.slice(0, 6), Properties.TargetTrackingScalingPolicyConfiguration] as const,
    );
    expect(policies).toEqual([
      ['Relays', expect.objectContaining({ TargetValue: 60, ScaleInCooldown: 900 })],
      [
        'Relays',
        expect.objectContaining({
          TargetValue: 6_000,
          CustomizedMetricSpecification: {
            Namespace: 'Sallyport',
            MetricName: 'tunnels',
            Dimensions: [{ Name: 'process', Value: 'relay' }],
            Statistic: 'Average',
          },
        }),
      ],
      ['Router', expect.objectContaining({ TargetValue: 60, ScaleInCooldown: 900 })],
    ]);
  });

  test('a relay goes on listening while its balancer forgets it, and is not killed before', () => {
    expect(environmentOf(standard, 'Relay')).toMatchObject({
      SALLYPORT_PROXY_PROTOCOL: 'required',
      SALLYPORT_LINGER_SECONDS: '150',
      SALLYPORT_DRAIN_SECONDS: '300',
    });
    expect(only(standard, 'AWS::ECS::TaskDefinition', 'Relay').ContainerDefinitions[0].StopTimeout).toBe(360);
    const short = synthesizeStage({ profile: 'standard', relay: { drainSeconds: 30 } });
    // The longer of the two counts.
    expect(only(short, 'AWS::ECS::TaskDefinition', 'Relay').ContainerDefinitions[0].StopTimeout).toBe(210);
  });

  test('the free way to DynamoDB is for our two roles and their tables, that to S3 for reading images and packages', () => {
    const policy = (id: string) => only(standard, 'AWS::EC2::VPCEndpoint', id).PolicyDocument.Statement;
    const callers = policy('EndpointsTables').map(
      (one: { Condition: { ArnEquals: Record<string, unknown> }; Action: string[]; Resource: unknown[] }) => [
        textOf(one.Condition.ArnEquals['aws:PrincipalArn']),
        one.Action,
        one.Resource.map(textOf),
      ],
    );
    expect(callers).toEqual([
      [
        '<RelayTaskRole>',
        ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map((action) => `dynamodb:${action}`),
        expect.arrayContaining(['<TablesTunnels>', '<TablesPortClaims>']),
      ],
      [
        '<RouterTaskRole>',
        ['GetItem', 'PutItem', 'Query'].map((action) => `dynamodb:${action}`),
        expect.arrayContaining(['<TablesGrants>', '<TablesOperatorKeys>']),
      ],
    ]);
    const [objects, ...more] = policy('EndpointsObjects');
    expect(more).toEqual([]);
    expect(objects.Action).toBe('s3:GetObject');
  });
});

describe('small', () => {
  test('replaces its instances within a month', () => {
    for (const [, { Properties }] of resourcesOf(small.data, 'AWS::AutoScaling::AutoScalingGroup'))
      expect(Properties).toMatchObject({ MaxInstanceLifetime: 30 * 86_400, NewInstancesProtectedFromScaleIn: false });
  });

  test('carries both on one instance, which takes its address by itself', () => {
    expect(only(small, 'AWS::AutoScaling::AutoScalingGroup', 'FleetInstance1')).toMatchObject({
      MinSize: '1',
      MaxSize: '1',
      NewInstancesProtectedFromScaleIn: false,
    });
    const start = startOf(small, 'FleetInstance1');
    expect(start).toContain('associate-address');
    for (const port of [443, 22, 80])
      expect(start).toContain(
        `\niptables -w -t nat -I PREROUTING -p tcp --dport ${port} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports 8443`,
      );
    expect(startOf(standard, 'Relays')).not.toMatch(/associate-address|REDIRECT/);
  });

  test('may take that address for an instance of this stage and network, and no other', () => {
    const role = only(small, 'AWS::IAM::Role', 'FleetInstance1Role');
    const address = role.Policies[0].PolicyDocument.Statement.filter(
      (one: { Action: unknown }) => one.Action === 'ec2:AssociateAddress',
    );
    expect(address.map((one: { Resource: unknown; Condition: unknown }) => one.Condition)).toEqual([
      undefined,
      { StringEquals: { 'aws:ResourceTag/sallyport': 'test' } },
      { ArnEquals: { 'ec2:Vpc': expect.anything() } },
    ]);
    // The tag reaches the instances.
    expect(only(small, 'AWS::AutoScaling::AutoScalingGroup', 'FleetInstance1').Tags).toContainEqual({
      Key: 'sallyport',
      Value: 'test',
      PropagateAtLaunch: true,
    });
  });

  test('replaces its processes in place, and two instances one after the other', () => {
    for (const name of ['FleetRelay', 'FleetRouter'])
      expect(only(small, 'AWS::ECS::Service', name)).toMatchObject({
        DesiredCount: 1,
        DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
      });
    const two = synthesizeStage({ profile: 'small', domain, capacity: { instances: { count: 2 } } });
    expect(only(two, 'AWS::ECS::Service', 'FleetRelay')).toMatchObject({
      DesiredCount: 2,
      DeploymentConfiguration: { MinimumHealthyPercent: 50, MaximumPercent: 100 },
    });
    const zones = resourcesOf(two.data, 'AWS::AutoScaling::AutoScalingGroup').map(([, { Properties }]) =>
      Properties.VPCZoneIdentifier.map(textOf),
    );
    expect(zones).toEqual([[expect.stringContaining('Subnet1')], [expect.stringContaining('Subnet2')]]);
  });

  test('nothing stands before it that could send a PROXY header', () => {
    for (const id of ['Relay', 'Router']) {
      expect(environmentOf(small, id).SALLYPORT_PROXY_PROTOCOL).toBe('off');
      expect(environmentOf(small, id).SALLYPORT_LINGER_SECONDS).toBeUndefined();
    }
  });
});

test('where relay and router share an address, the router hands wrapped SSH on over loopback; a name is needed', () => {
  expect(environmentOf(small, 'Relay').SALLYPORT_WRAPPED_LISTEN).toBe('127.0.0.1:2223');
  expect(environmentOf(small, 'Router').SALLYPORT_RELAY_BACKEND).toBe('127.0.0.1:2223');
  const unnamed = synthesizeStage({ profile: 'small' });
  for (const stage of [standard, unnamed]) {
    expect(environmentOf(stage, 'Relay').SALLYPORT_WRAPPED_LISTEN).toBeUndefined();
    expect(environmentOf(stage, 'Router').SALLYPORT_RELAY_BACKEND).toBeUndefined();
  }
});

test('from one profile to the other, what holds state is the same', () => {
  expect(withoutHashes(standard.stateful)).toEqual(withoutHashes(small.stateful));
});

test.each([
  ['standard', standard],
  ['small', small],
])('the data template of %s is this', (_, { data }) => {
  expect(withoutHashes(data)).toMatchSnapshot();
});
