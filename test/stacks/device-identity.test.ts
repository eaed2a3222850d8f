import { agentClientId, basicIngest, rules, topics } from '../../core/names.ts';
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
const policyOf = (delivery: 'direct' | 'publish') => {
  const { control } = synthesizeStage({ delivery });
  const [[, policy] = []] = resourcesOf(control, 'AWS::IoT::Policy');
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
  // Of basic ingest's topic the first three levels do not count.
  expect(basicIngest(rules.deviceEvents, topics.events(device))).toBe(
    `$aws/rules/${rules.deviceEvents}/${topics.events(device)}`,
  );
  expect(Buffer.byteLength(agentClientId('d'.repeat(118)))).toBe(128);
});
