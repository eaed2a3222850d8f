import { iotAuthorizer } from '../../../local/iam/iot-authorizer.ts';
import { iotPolicySize, parseIotPolicy } from '../../../local/iam/iot-policy.ts';
import { PolicyStore } from '../../../local/iam/policy-store.ts';
import { UsageLedger } from '../../../local/iam/usage.ts';
import type { IotAction, IotContext, PolicyDocument } from '../../../local/iot/authorize.ts';

const PREFIX = 'arn:aws:iot:eu-west-1:111122223333';
const THING = `\${iot:Connection.Thing.ThingName}`;
const devicePolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: [`${PREFIX}:client/${THING}`, `${PREFIX}:client/${THING}.sallyport`],
      Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
    },
    {
      Effect: 'Allow',
      Action: ['iot:Subscribe'],
      Resource: `${PREFIX}:topicfilter/sallyport/v1/devices/${THING}/commands`,
    },
    { Effect: 'Allow', Action: ['iot:Receive'], Resource: `${PREFIX}:topic/sallyport/v1/devices/${THING}/commands` },
    {
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: `${PREFIX}:topic/$aws/rules/*/sallyport/v1/devices/${THING}/events`,
    },
  ],
} as const;

const pump: IotContext = {
  clientId: 'pump-7',
  isAttached: true,
  thing: { name: 'pump-7', attributes: {} },
  principalId: 'c1',
  certificate: { certificateId: 'c1', subjectCommonName: 'pump' },
  sourceIp: '10.1.2.3',
  connectAttributes: [],
};

function system(document: PolicyDocument) {
  const store = new PolicyStore();
  const ledger = new UsageLedger();
  store.register('Device', 'iot', [document]);
  const authorize = iotAuthorizer({ store, ledger });
  const may = (action: IotAction, suffix: string, change: Partial<IotContext> = {}) =>
    authorize({
      action,
      resource: `${PREFIX}:${suffix}`,
      policies: store.documents('Device'),
      context: { ...pump, ...change },
    }).allowed;
  return { store, ledger, authorize, may };
}

const named = (name: string): Partial<IotContext> => ({ clientId: name, thing: { name, attributes: {} } });
const stranger: Partial<IotContext> = { clientId: 'pump-7', isAttached: false, thing: undefined };

test.each<[string, IotAction, string, Partial<IotContext>, boolean]>([
  ['connects as its thing', 'iot:Connect', 'client/pump-7', {}, true],
  ['connects beside its thing', 'iot:Connect', 'client/pump-7.sallyport', { clientId: 'pump-7.sallyport' }, true],
  ['not under another name', 'iot:Connect', 'client/pump-8', { clientId: 'pump-8' }, false],
  ['not without a thing', 'iot:Connect', 'client/pump-7', stranger, false],
  ['not unattached', 'iot:Connect', 'client/pump-7', { isAttached: false }, false],
  ['not as the variable itself', 'iot:Connect', `client/${THING}`, { ...stranger, clientId: THING }, false],
  ['subscribes to its commands', 'iot:Subscribe', 'topicfilter/sallyport/v1/devices/pump-7/commands', {}, true],
  ['not to a filter that covers them', 'iot:Subscribe', 'topicfilter/sallyport/v1/devices/+/commands', {}, false],
  ['not to everything', 'iot:Subscribe', 'topicfilter/#', {}, false],
  ['not to a foreign device', 'iot:Subscribe', 'topicfilter/sallyport/v1/devices/pump-8/commands', {}, false],
  ['receives its commands', 'iot:Receive', 'topic/sallyport/v1/devices/pump-7/commands', {}, true],
  ['a filter is not a topic', 'iot:Receive', 'topicfilter/sallyport/v1/devices/pump-7/commands', {}, false],
  ['receives nothing foreign', 'iot:Receive', 'topic/sallyport/v1/devices/pump-8/commands', {}, false],
  ['publishes', 'iot:Publish', 'topic/$aws/rules/hello/sallyport/v1/devices/pump-7/events', {}, true],
  ['a star spans levels', 'iot:Publish', 'topic/$aws/rules/a/b/sallyport/v1/devices/pump-7/events', {}, true],
  ['not below', 'iot:Publish', 'topic/$aws/rules/hello/sallyport/v1/devices/pump-7/events/x', {}, false],
  ['not retained', 'iot:RetainPublish', 'topic/$aws/rules/hello/sallyport/v1/devices/pump-7/events', {}, false],
  ['* as a name is *', 'iot:Subscribe', 'topicfilter/sallyport/v1/devices/pump-8/commands', named('*'), false],
])('%s', (_, action, suffix, change, expected) => {
  expect(system(devicePolicy).may(action, suffix, change)).toBe(expected);
});

test('+ and # of a policy are plain characters, and a deny wins', () => {
  const { may } = system({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${PREFIX}:topicfilter/a/+/c` },
      { Effect: 'Allow', Action: 'iot:*', Resource: `${PREFIX}:topic/a/*` },
      { Effect: 'Deny', Action: 'iot:Publish', Resource: '*', Condition: { StringLike: { 'iot:ClientId': 'o?-*' } } },
    ],
  });
  expect(may('iot:Subscribe', 'topicfilter/a/+/c')).toBe(true);
  expect(may('iot:Subscribe', 'topicfilter/a/b/c')).toBe(false);
  expect(may('iot:Publish', 'topic/a/b/c')).toBe(true);
  expect(may('iot:Publish', 'topic/a/b/c', { clientId: 'o1-2' })).toBe(false);
  expect(may('iot:RetainPublish', 'topic/a/b')).toBe(true);
});

test('type, attributes, address, certificate and the way of connecting have values', () => {
  const { may } = system({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: `${PREFIX}:client/\${iot:Connection.Thing.ThingTypeName}-\${iot:Connection.Thing.Attributes[site]}`,
      Condition: {
        IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', 'fd00::/8'] },
        'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['PersistentConnect'] },
        StringEquals: { 'iot:CertificateId': 'c1', 'iot:Certificate.Subject.CommonName': 'pump' },
      },
    },
  });
  const thing = { name: 'pump-7', type: 'pump', attributes: { site: 'north' } };
  const connect = (change: Partial<IotContext>) => may('iot:Connect', 'client/pump-north', { thing, ...change });
  expect(connect({})).toBe(true);
  expect(connect({ sourceIp: 'fd00::1', connectAttributes: ['PersistentConnect'] })).toBe(true);
  expect(connect({ connectAttributes: ['PersistentConnect', 'LastWill'] })).toBe(false);
  expect(connect({ sourceIp: '11.1.2.3' })).toBe(false);
  expect(connect({ certificate: undefined })).toBe(false);
  expect(connect({ thing: { name: 'pump-7', attributes: { site: 'north' } } })).toBe(false);
});

test('a policy fits in 2,048 characters in every Region, white space not counted', () => {
  const wide = (count: number) => ({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'iot:Publish',
      Resource: Array.from({ length: count }, (_, at) => `${PREFIX}:topic/t/${at}`),
    },
  });
  expect(iotPolicySize({ a: 'arn:aws:iot:us-east-1:1:x y' })).toBe('{"a":"arn:aws:iot:ap-southeast-1:1:xy"}'.length);
  expect(() => parseIotPolicy(wide(35), 'Device')).not.toThrow();
  expect(() => system(wide(50))).toThrow(/Device: the IoT policy has \d+ characters, 2048 are allowed/);
});

test('decisions reach the ledger', () => {
  const { store, ledger, may } = system(devicePolicy);
  may('iot:Connect', 'client/pump-7');
  may('iot:Subscribe', 'topicfilter/#');
  const { unused } = ledger.report(store.all());
  expect(unused.map(({ pattern }) => pattern)).toEqual(['iot:Subscribe', 'iot:Receive', 'iot:Publish']);
  expect(ledger.denials()).toEqual([
    expect.objectContaining({
      caller: 'client pump-7',
      action: 'iot:Subscribe',
      message: `client pump-7 is not authorized to perform: iot:Subscribe on resource: ${PREFIX}:topicfilter/# because no IoT policy allows the iot:Subscribe action`,
    }),
  ]);
});

test('a custom authorizer\u2019s answer is evaluated too, and one that cannot be read refuses', () => {
  const { authorize, ledger } = system(devicePolicy);
  const ask = (document: PolicyDocument) =>
    authorize({ action: 'iot:Connect', resource: `${PREFIX}:client/o1-0`, policies: [document], context: pump })
      .allowed;
  const statement = { Effect: 'Allow', Action: 'iot:Connect', Resource: `${PREFIX}:client/o1-0` };
  expect(ask({ Version: '2012-10-17', Statement: [statement] })).toBe(true);
  expect(ask({ Version: '2012-10-17', Statement: [statement, { ...statement, Action: 'iot:Conect' }] })).toBe(false);
  expect(ledger.denials().at(-1)?.message).toContain('action "iot:Conect" is not known');
});

test('an IoT policy is swapped under live connections', () => {
  const { store, may } = system(devicePolicy);
  const restore = store.replacePolicies('Device', []);
  expect(may('iot:Connect', 'client/pump-7')).toBe(false);
  restore();
  expect(may('iot:Connect', 'client/pump-7')).toBe(true);
});
