import { routes } from '../../infra/routes.ts';
import { resourcesOf, type Stage, synthesizeStage, textOf, withoutHashes } from './stage.ts';

const { control } = synthesizeStage();
/** With everything that the first one leaves to its default. */
const other = synthesizeStage({
  domain: 'tunnels.example.com',
  tokens: { kind: 'oidc', issuer: 'https://id.example.com', audience: 'mine', jwks: 'https://id.example.com/keys' },
  reserved: { waiting: 0, jumps: 0 },
}).control;
const functionOf = (name: string, template = control) => {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(([id]) =>
    new RegExp(`^Functions${name}Function[0-9A-F]{8}$`).test(id),
  );
  if (found === undefined) throw new Error(`no function ${name}`);
  return found;
};

test('every function is small, current, and logs into its own group', () => {
  for (const [id, { Properties }] of resourcesOf(control, 'AWS::Lambda::Function')) {
    expect(Properties).toMatchObject({
      Architectures: ['arm64'],
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: expect.stringContaining(id.split('Function')[1] ?? '') } },
    });
    expect(Properties.Timeout).toBeLessThan(60 + 1);
    expect(Properties.TracingConfig).toBeUndefined();
  }
});

test('functions that answer the API do so before it gives up', () => {
  const names = new Set(routes.map((route) => route.function));
  for (const name of names) {
    const [, { Properties }] = functionOf(name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()));
    expect(Properties.Timeout).toBeLessThan(30);
  }
});

test('waiting and opening on demand are bounded, unless the account has too few executions', () => {
  expect(functionOf('TunnelGet')[1].Properties.ReservedConcurrentExecutions).toBe(50);
  expect(functionOf('OpenForJump')[1].Properties.ReservedConcurrentExecutions).toBe(100);
  for (const [, { Properties }] of resourcesOf(other, 'AWS::Lambda::Function'))
    expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
});

test('both APIs serve the same routes over the same functions, each with its authorizer', () => {
  const served = (api: string) =>
    resourcesOf(control, 'AWS::ApiGatewayV2::Route')
      .filter(([id]) => id.startsWith(api))
      .map(([, { Properties }]) => {
        const integration = resourcesOf(control, 'AWS::ApiGatewayV2::Integration').find(([id]) =>
          textOf(Properties.Target).includes(id.replace(/[0-9A-F]{8}$/, '')),
        );
        return `${Properties.RouteKey} ${textOf(integration?.[1].Properties.IntegrationUri)}`;
      });
  const jwt = served('JwtApi');
  expect(jwt).toHaveLength(routes.length);
  expect(served('IamApi')).toEqual(jwt);
  expect(jwt.map((line) => line.split(' <')[0])).toEqual(routes.map(({ method, path }) => `${method} ${path}`));
  for (const [id, { Properties }] of resourcesOf(control, 'AWS::ApiGatewayV2::Route'))
    expect(Properties.AuthorizationType).toBe(id.startsWith('JwtApi') ? 'JWT' : 'AWS_IAM');
});

test('the JWT authorizer asks for the issuer and the audience', () => {
  other.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Issuer: 'https://id.example.com', Audience: ['mine'] },
  });
});

test('each API is throttled and writes an access log without what people typed', () => {
  const stages = resourcesOf(control, 'AWS::ApiGatewayV2::Stage');
  expect(stages).toHaveLength(2);
  for (const [, { Properties }] of stages) {
    expect(Properties.DefaultRouteSettings).toMatchObject({ ThrottlingBurstLimit: 400, ThrottlingRateLimit: 200 });
    expect(Properties.AccessLogSettings.DestinationArn).toBeDefined();
    expect(Properties.AccessLogSettings.Format).not.toMatch(/path|header|query|body/i);
  }
});

test('rules hand over what the broker vouches for, and note what they could not', () => {
  for (const [ruleName, noun, filter] of [
    ['sallyport_device_events', 'device', 'sallyport/v1/devices/+/events'],
    ['sallyport_operator_requests', 'operator', 'sallyport/v1/operators/+/requests'],
  ])
    control.hasResourceProperties('AWS::IoT::TopicRule', {
      RuleName: ruleName,
      TopicRulePayload: {
        Sql: `SELECT encode(*, 'base64') AS payload, topic(4) AS ${noun}, clientid() AS clientId, timestamp() AS at FROM '${filter}'`,
        ErrorAction: { CloudwatchLogs: {} },
        RuleDisabled: false,
      },
    });
  const permissions = resourcesOf(control, 'AWS::Lambda::Permission').filter(
    ([, { Properties }]) => Properties.Principal === 'iot.amazonaws.com',
  );
  expect(permissions.map(([, { Properties }]) => textOf(Properties.SourceArn).split(':').pop()).sort()).toEqual([
    'authorizer/sallyport-operators',
    'provisioningtemplate/sallyport-devices',
    'rule/sallyport_device_events',
    'rule/sallyport_operator_requests',
  ]);
  for (const [, { Properties }] of permissions)
    if (textOf(Properties.SourceArn).includes(':rule/'))
      expect(Properties.SourceAccount).toEqual({ Ref: 'AWS::AccountId' });
});

test('what a rule starts is forgotten after a minute and tried once more, but for news of a lost certificate', () => {
  const all = resourcesOf(control, 'AWS::Lambda::EventInvokeConfig');
  const isNews = ([, { Properties }]: (typeof all)[number]) =>
    textOf(Properties.FunctionName).includes('DeviceRevoked');
  expect(all.find(isNews)?.[1].Properties).toMatchObject({ MaximumEventAgeInSeconds: 7_200, MaximumRetryAttempts: 2 });
  const configs = all.filter((config) => !isNews(config));
  expect(configs.map(([, { Properties }]) => textOf(Properties.FunctionName)).sort()).toEqual([
    '<FunctionsDeviceEventFunction>',
    '<FunctionsRotateHostKeysFunction>',
    '<FunctionsSweepFunction>',
    '<FunctionsTunnelRequestMqttFunction>',
  ]);
  for (const [, { Properties }] of configs)
    expect(Properties).toMatchObject({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 1, Qualifier: '$LATEST' });
});

test('the change stream drives notify, one bad record at a time', () => {
  control.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
    BatchSize: 100,
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRecordAgeInSeconds: 300,
    MaximumRetryAttempts: 3,
    StartingPosition: 'LATEST',
  });
});

test('the sweep runs each minute', () => {
  control.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
});

test('operators are admitted to MQTT by our function and not by a signature of AWS', () => {
  control.hasResourceProperties('AWS::IoT::Authorizer', {
    AuthorizerName: 'sallyport-operators',
    SigningDisabled: true,
    Status: 'ACTIVE',
  });
});

test('host keys, link key and anchor key are made by our own function, and stay', () => {
  const [[, keys] = []] = resourcesOf(control, 'Custom::SallyportHostKeys');
  expect(keys).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(textOf(keys?.Properties.ServiceToken)).toBe('<FunctionsHostKeysFunction>');
  expect(textOf(keys?.Properties.HostKeysSecret)).toBe('<SecretsHostKeys>');
  expect(textOf(keys?.Properties.PinsSecret)).toBe('<SecretsPins>');
  expect(textOf(keys?.Properties.RouterHostKeysSecret)).toBe('<SecretsRouterHostKeys>');
  expect(textOf(keys?.Properties.LinkKeySecret)).toBe('<SecretsLinkKey>');
  expect(textOf(keys?.Properties.AnchorKeySecret)).toBe('<SecretsAnchorKey>');
  // Whoever checks copies begins with it.
  expect(control.toJSON().Outputs.AnchorKey.Value).toEqual({
    'Fn::GetAtt': [expect.stringMatching(/^HostKeys/), 'AnchorKey'],
  });
});

test('functions learn the tables that they have rights on, and no others', () => {
  const told = (name: string) => Object.keys(functionOf(name)[1].Properties.Environment?.Variables ?? {}).sort();
  expect(told('TunnelGet')).toEqual([
    'SALLYPORT_ADMIN_GROUP',
    'SALLYPORT_DOMAIN',
    'SALLYPORT_TABLE_ONCE',
    'SALLYPORT_TABLE_TUNNELS',
  ]);
  expect(told('MqttAuthorizer')).toEqual([
    'SALLYPORT_TABLE_AUDIT',
    'SALLYPORT_TOKEN_AUDIENCE',
    'SALLYPORT_TOKEN_ISSUER',
    'SALLYPORT_TOKEN_JWKS',
  ]);
  expect(told('DeviceEvent')).toEqual([
    'SALLYPORT_DELIVERY',
    'SALLYPORT_PINS_SECRET',
    'SALLYPORT_RELAY_HOST',
    'SALLYPORT_RELAY_PORT',
    'SALLYPORT_TABLE_AUDIT',
    'SALLYPORT_TABLE_CHANGES',
    'SALLYPORT_TABLE_DEVICES',
    'SALLYPORT_TABLE_PORT_CLAIMS',
    'SALLYPORT_TABLE_TUNNELS',
  ]);
});

test('without a domain names end in sallyport.internal', () => {
  expect(functionOf('TunnelGet')[1].Properties.Environment.Variables.SALLYPORT_DOMAIN).toBe('sallyport.internal');
  expect(functionOf('TunnelRequest', other)[1].Properties.Environment.Variables).toMatchObject({
    SALLYPORT_DOMAIN: 'tunnels.example.com',
    SALLYPORT_RELAY_HOST: 'relay.tunnels.example.com',
    SALLYPORT_RELAY_PORT: '443',
  });
});

test('whoever deploys is told where things are', () => {
  expect(Object.keys(control.toJSON().Outputs)).toEqual(
    expect.arrayContaining(['JwtApiUrl', 'IamApiUrl', 'Domain', 'IotEndpointCommand']),
  );
  // A path is put behind it: `//v1/me` would be no route.
  for (const name of ['JwtApiUrl', 'IamApiUrl'])
    expect(textOf(control.toJSON().Outputs[name].Value)).toMatch(/^https:\/\/<\w+>\.execute-api\..*[^/]$/);
});

test.each(['small', 'standard'] as const)(
  'with profile %s devices are told to dial elsewhere, and no more changes',
  (profile) => {
    const domain = 'tunnels.example.com';
    const untold = (stage: Stage) =>
      new Map(
        resourcesOf(stage.control).map(([id, { Type, Properties }]) => [
          `${Type} ${id}`,
          JSON.stringify(Properties, (name, value) =>
            /^SALLYPORT_RELAY_(HOST|PORT)$/.test(name) ? 'told' : value,
          ).replace(/[0-9a-f]{64}/g, '<hash>'),
        ]),
      );
    const [none, other] = [untold(synthesizeStage({ domain })), untold(synthesizeStage({ profile, domain }))];
    expect([...other.keys()]).toEqual([...none.keys()]);
    expect([...other].flatMap(([id, text]) => (none.get(id) === text ? [] : [id]))).toEqual([]);
  },
);

test('the template is this', () => {
  expect(withoutHashes(control)).toMatchSnapshot();
});
