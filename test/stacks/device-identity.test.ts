import {
  agentClientId,
  basicIngest,
  claimClientId,
  claimPolicy,
  devicePolicy,
  operatorConnections,
  provisioningTemplate,
  provisioningTopics,
  rules,
  topics,
} from '../../core/names.ts';
import { resourcesOf, synthesizeStage } from './stage.ts';

/** As a deployment fills it in where names are longest. */
const longest: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'ap-southeast-1',
  'AWS::AccountId': '123456789012',
};
const filled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(filled);
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value) return longest[String(value.Ref)];
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join']))
    return value['Fn::Join'][1].map(filled).join(value['Fn::Join'][0]);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one)]));
};
const policyOf = (delivery: 'direct' | 'publish', name = devicePolicy) => {
  const { control } = synthesizeStage({ delivery });
  const [, policy] =
    resourcesOf(control, 'AWS::IoT::Policy').find(([, { Properties }]) => Properties.PolicyName === name) ?? [];
  return filled(policy?.Properties.PolicyDocument) as {
    readonly Statement: readonly {
      readonly Effect: string;
      readonly Action: string;
      readonly Resource: readonly string[];
      readonly Condition: unknown;
    }[];
  };
};

describe.each(['direct', 'publish'] as const)('the device policy with %s delivery', (delivery) => {
  const policy = policyOf(delivery);

  test('has the size that AWS IoT takes', () => {
    expect(JSON.stringify(policy).length).toBeLessThan(2_048);
  });

  test('allows only an attached thing, and only what is its own', () => {
    const prefix = 'arn:aws-us-gov:iot:ap-southeast-1:123456789012:';
    const thing = `\${iot:Connection.Thing.ThingName}`;
    const allowed = policy.Statement.map(({ Effect, Action, Resource, Condition }) => {
      expect(Effect).toBe('Allow');
      expect(Condition).toEqual({ Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } });
      return [Action, ...Resource.map((resource) => resource.replace(prefix, ''))];
    });
    expect(allowed).toEqual([
      ['iot:Connect', `client/${thing}`, `client/${thing}.sallyport`],
      ['iot:Receive', `topic/sallyport/v1/devices/${thing}/commands`],
      ['iot:Publish', `topic/$aws/rules/sallyport_device_events/sallyport/v1/devices/${thing}/events`],
      ...(delivery === 'publish' ? [['iot:Subscribe', `topicfilter/sallyport/v1/devices/${thing}/commands`]] : []),
    ]);
  });
});

describe('fleet provisioning', () => {
  const { control } = synthesizeStage();
  const prefix = 'arn:aws-us-gov:iot:ap-southeast-1:123456789012:';

  test('a claim asks for a certificate and becomes a device by our template, nothing else', () => {
    const policy = policyOf('direct', claimPolicy);
    expect(JSON.stringify(policy).length).toBeLessThan(2_048);
    const allowed = policy.Statement.map(({ Effect, Action, Resource }) => [
      `${Effect} ${Action}`,
      ...Resource.map((resource) => resource.replace(prefix, '')),
    ]);
    const csr = '$aws/certificates/create-from-csr/json';
    const provision = '$aws/provisioning-templates/sallyport-devices/provision/json';
    const answers = (kind: string) =>
      [csr, provision].flatMap((topic) => [`${kind}/${topic}/accepted`, `${kind}/${topic}/rejected`]);
    expect(allowed).toEqual([
      ['Allow iot:Connect', 'client/.claim.*'],
      ['Allow iot:Publish', `topic/${csr}`, `topic/${provision}`],
      ['Allow iot:Receive', ...answers('topic')],
      ['Allow iot:Subscribe', ...answers('topicfilter')],
    ]);
  });

  test('the template asks the hook, makes an active certificate with the policy of devices, and replaces nothing', () => {
    const [[, template] = []] = resourcesOf(control, 'AWS::IoT::ProvisioningTemplate');
    expect(template?.Properties).toMatchObject({
      TemplateName: provisioningTemplate,
      Enabled: true,
      PreProvisioningHook: {
        PayloadVersion: '2020-04-01',
        TargetArn: { 'Fn::GetAtt': [expect.stringMatching(/ProvisioningHook/), 'Arn'] },
      },
    });
    const body = JSON.parse(template?.Properties.TemplateBody);
    expect(body.Resources.policy.Properties).toEqual({ PolicyName: devicePolicy });
    expect(body.Resources.certificate.Properties.Status).toBe('Active');
    expect(new Set(Object.values(body.Resources.thing.OverrideSettings))).toEqual(new Set(['DO_NOTHING']));
    // AWS takes 10,240 characters.
    expect(template?.Properties.TemplateBody.length).toBeLessThan(10_240);
  });

  test('only AWS IoT for that template may run the hook, and the hook is in time', () => {
    const hook = resourcesOf(control, 'AWS::Lambda::Function').find(([id]) => id.includes('ProvisioningHook'));
    expect(hook?.[1].Properties.Timeout).toBeLessThanOrEqual(5);
    const permissions = resourcesOf(control, 'AWS::Lambda::Permission').filter(([, { Properties }]) =>
      JSON.stringify(Properties.FunctionName).includes('ProvisioningHook'),
    );
    expect(permissions).toHaveLength(1);
    expect(filled(permissions[0]?.[1].Properties.SourceArn)).toBe(`${prefix}provisioningtemplate/sallyport-devices`);
    expect(permissions[0]?.[1].Properties.SourceAccount).toEqual({ Ref: 'AWS::AccountId' });
  });

  test('its topics and client ids fit', () => {
    for (const topic of [provisioningTopics.createFromCsr, provisioningTopics.provision(provisioningTemplate)]) {
      expect(Buffer.byteLength(`${topic}/rejected`)).toBeLessThanOrEqual(256);
      expect(`${topic}/rejected`.split('/').length - 1).toBeLessThanOrEqual(7);
    }
    // AWS: a template's name has 36 characters.
    expect(provisioningTemplate.length).toBeLessThanOrEqual(36);
    expect(Buffer.byteLength(claimClientId('d'.repeat(121)))).toBe(128);
  });
});

test('news of lost certificates reach their function', () => {
  const { control } = synthesizeStage();
  const rule = resourcesOf(control, 'AWS::Events::Rule').find(([id]) => id.startsWith('Revocation'));
  expect(rule?.[1].Properties.EventPattern).toEqual({
    source: ['aws.iot'],
    'detail-type': ['AWS API Call via CloudTrail'],
    detail: {
      eventSource: ['iot.amazonaws.com'],
      eventName: ['UpdateCertificate', 'DetachThingPrincipal'],
      errorCode: [{ exists: false }],
    },
  });
});

test('topics and client ids fit AWS IoT for the longest legal ids', () => {
  const device = 'd'.repeat(128);
  const operator = `o${'a'.repeat(25)}`;
  const all = [
    topics.commands(device),
    topics.events(device),
    topics.operatorRequests(operator),
    topics.operatorEvents(operator),
  ];
  for (const topic of all) {
    expect(Buffer.byteLength(topic)).toBeLessThanOrEqual(256);
    expect(topic.split('/').length - 1).toBeLessThanOrEqual(7);
  }
  expect(Buffer.byteLength(`${operator}-${operatorConnections - 1}`)).toBeLessThanOrEqual(128);
  // Of basic ingest's topic the first three levels do not count.
  expect(basicIngest(rules.deviceEvents, topics.events(device))).toBe(
    `$aws/rules/${rules.deviceEvents}/${topics.events(device)}`,
  );
  expect(Buffer.byteLength(agentClientId('d'.repeat(118)))).toBe(128);
});
