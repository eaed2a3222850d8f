import { EventBus } from '../../../local/event-sources/event-bus.ts';
import { parseTemplateBody } from '../../../local/system/provisioning-template.ts';

describe('the local event bus', () => {
  const open = (pattern: object, enabled = true) => {
    const invoked: { readonly functionArn: string; readonly payload: string; readonly ruleArn: string }[] = [];
    const bus = new EventBus({
      account: '111122223333',
      region: 'eu-west-1',
      invoke: (functionArn, payload, ruleArn) => void invoked.push({ functionArn, payload, ruleArn }),
    });
    bus.add({ arn: 'rule', pattern, enabled, functionArns: ['one', 'two'] });
    return { bus, invoked };
  };
  const pattern = { source: ['aws.iot'], detail: { eventName: ['UpdateCertificate'], errorCode: [{ exists: false }] } };

  test('hands a call that a rule waits for to each of its functions, as CloudTrail tells it', () => {
    const { bus, invoked } = open(pattern);
    bus.called('iot', 'UpdateCertificate', { certificateId: 'c', newStatus: 'REVOKED' });
    expect(invoked.map(({ functionArn, ruleArn }) => [functionArn, ruleArn])).toEqual([
      ['one', 'rule'],
      ['two', 'rule'],
    ]);
    expect(JSON.parse(invoked[0]?.payload ?? '')).toMatchObject({
      source: 'aws.iot',
      'detail-type': 'AWS API Call via CloudTrail',
      account: '111122223333',
      detail: { eventSource: 'iot.amazonaws.com', requestParameters: { newStatus: 'REVOKED' } },
    });
  });

  test('hands over nothing else, and nothing to a rule that is off', () => {
    const { bus, invoked } = open(pattern);
    bus.called('iot', 'AttachThingPrincipal', {});
    bus.called('s3', 'UpdateCertificate', {});
    expect(invoked).toEqual([]);
    const off = open(pattern, false);
    off.bus.called('iot', 'UpdateCertificate', {});
    expect(off.invoked).toEqual([]);
  });

  test('a pattern that is not understood stops the start', () => {
    expect(() => open({ source: [{ wildcard: 'aws.*' }] })).toThrow(/wildcard is not known here/);
  });
});

describe('a provisioning template', () => {
  const certificate = { Type: 'AWS::IoT::Certificate', Properties: { CertificateId: { Ref: 'Id' }, Status: 'Active' } };
  const thing = (parts: object = {}) => ({
    Type: 'AWS::IoT::Thing',
    Properties: { ThingName: { Ref: 'Serial' }, AttributePayload: { site: { Ref: 'Site' } }, ...parts },
  });
  const bodyOf = (resources: object) =>
    JSON.stringify({
      Parameters: { Serial: { Type: 'String' }, Site: { Type: 'String', Default: 'north' }, Id: { Type: 'String' } },
      Resources: resources,
    });

  test('fills in parameters and their defaults', () => {
    const policy = { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'p' } };
    const template = parseTemplateBody(bodyOf({ thing: thing({ ThingTypeName: 't' }), certificate, policy }));
    expect(template({ Serial: 's', Id: 'c' })).toEqual({
      thingName: 's',
      thingTypeName: 't',
      attributes: { site: 'north' },
      policyNames: ['p'],
    });
    expect(() => template({ Id: 'c' })).toThrow(/Serial is missing/);
    // What a device says beside its parameters reaches nothing.
    expect(template({ Serial: 's', Id: 'c', Other: 'x', Site: 'south' })).toMatchObject({
      attributes: { site: 'south' },
    });
  });

  test.each<[string, object]>([
    ['no thing', { certificate }],
    ['no certificate', { thing: thing() }],
    ['a property that is not interpreted', { thing: thing({ ThingGroups: ['g'] }), certificate }],
    [
      'a thing that would be changed',
      { thing: { ...thing(), OverrideSettings: { ThingTypeName: 'REPLACE' } }, certificate },
    ],
    ['another type', { thing: thing(), certificate, queue: { Type: 'AWS::SQS::Queue', Properties: {} } }],
  ])('with %s stops the start', (_, resources) => {
    expect(() => parseTemplateBody(bodyOf(resources))).toThrow();
  });
});
