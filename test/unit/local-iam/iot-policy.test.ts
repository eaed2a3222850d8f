import { thingOfConnection } from '../../../local/iam/connection-thing.ts';
import { IotAuthorizer } from '../../../local/iam/iot-authorizer.ts';
import {
  decideIot,
  type IotConnection,
  type IotOperation,
  iotPolicySize,
  parseIotPolicy,
} from '../../../local/iam/iot-policy.ts';
import { UsageLedger } from '../../../local/iam/usage.ts';

const PREFIX = 'arn:aws:iot:eu-west-1:111122223333';
const THING = `\${iot:Connection.Thing.ThingName}`;
const devicePolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: [`${PREFIX}:client/${THING}`, `${PREFIX}:client/${THING}-agent`],
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
};
const pump: IotConnection = { clientId: 'pump-7', thing: { thingName: 'pump-7', attached: true } };
const publish = (topic: string): IotOperation => ({ kind: 'publish', topic });
const subscribe = (filter: string): IotOperation => ({ kind: 'subscribe', filter });
const receive = (topic: string): IotOperation => ({ kind: 'receive', topic });
const connect: IotOperation = { kind: 'connect' };

test.each<[string, IotConnection, IotOperation, boolean]>([
  ['connects as its thing', pump, connect, true],
  ['connects beside its thing', { ...pump, clientId: 'pump-7-agent' }, connect, true],
  ['not under another name', { ...pump, clientId: 'pump-8' }, connect, false],
  ['not unattached', { clientId: 'pump-7', thing: { thingName: 'pump-7', attached: false } }, connect, false],
  ['not without a thing', { clientId: 'pump-7' }, connect, false],
  ['not as the variable itself', { clientId: THING }, connect, false],
  ['subscribes to its commands', pump, subscribe('sallyport/v1/devices/pump-7/commands'), true],
  ['not to a filter that would cover them', pump, subscribe('sallyport/v1/devices/+/commands'), false],
  ['not to everything', pump, subscribe('#'), false],
  ['not to a foreign device', pump, subscribe('sallyport/v1/devices/pump-8/commands'), false],
  ['a topic is not a filter: receive', pump, receive('sallyport/v1/devices/pump-7/commands'), true],
  ['receives nothing foreign', pump, receive('sallyport/v1/devices/pump-8/commands'), false],
  ['publishes by basic ingest', pump, publish('$aws/rules/hello/sallyport/v1/devices/pump-7/events'), true],
  ['the star spans levels', pump, publish('$aws/rules/a/b/sallyport/v1/devices/pump-7/events'), true],
  ['not below', pump, publish('$aws/rules/hello/sallyport/v1/devices/pump-7/events/x'), false],
  [
    'not retained',
    pump,
    { kind: 'publish', topic: '$aws/rules/h/sallyport/v1/devices/pump-7/events', retain: true },
    false,
  ],
  [
    'a star as name stays a star',
    { clientId: '*', thing: { thingName: '*', attached: true } },
    subscribe('sallyport/v1/devices/pump-8/commands'),
    false,
  ],
])('%s', (_, connection, operation, expected) => {
  expect(decideIot([parseIotPolicy(devicePolicy, 'Device')], connection, operation, PREFIX).allowed).toBe(expected);
});

test('+ and # of a policy are plain characters, and a deny wins', () => {
  const policy = parseIotPolicy(
    {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${PREFIX}:topicfilter/a/+/c` },
        { Effect: 'Allow', Action: 'iot:*', Resource: `${PREFIX}:topic/a/*` },
        { Effect: 'Deny', Action: 'iot:Publish', Resource: '*', Condition: { StringLike: { 'iot:ClientId': 'o?-*' } } },
      ],
    },
    'Operator',
  );
  const allowed = (operation: IotOperation, clientId = 'x') =>
    decideIot([policy], { clientId }, operation, PREFIX).allowed;
  expect(allowed(subscribe('a/+/c'))).toBe(true);
  expect(allowed(subscribe('a/b/c'))).toBe(false);
  expect(allowed(publish('a/b/c'))).toBe(true);
  expect(allowed(publish('a/b/c'), 'o1-2')).toBe(false);
  expect(allowed({ kind: 'publish', topic: 'a/b', retain: true })).toBe(true);
});

test('thing type, attributes, certificate and address have values', () => {
  const policy = parseIotPolicy(
    {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: `${PREFIX}:topic/\${iot:Connection.Thing.ThingTypeName}/\${iot:Connection.Thing.Attributes[site]}/\${iot:Certificate.Subject.CommonName}`,
        Condition: { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', 'fd00::/8'] } },
      },
    },
    'Typed',
  );
  const connection: IotConnection = {
    clientId: 'pump-7',
    thing: { thingName: 'pump-7', thingTypeName: 'pump', attributes: { site: 'north' }, attached: true },
    certificate: { certificateId: 'c1', subjectCommonName: 'cn' },
    sourceIp: '10.1.2.3',
  };
  const allowed = (change: Partial<IotConnection>) =>
    decideIot([policy], { ...connection, ...change }, publish('pump/north/cn'), PREFIX).allowed;
  expect(allowed({})).toBe(true);
  expect(allowed({ sourceIp: 'fd00::1' })).toBe(true);
  expect(allowed({ sourceIp: '11.1.2.3' })).toBe(false);
  expect(allowed({ thing: { thingName: 'pump-7', thingTypeName: 'pump', attached: true } })).toBe(false);
});

test('which thing a connection stands for', () => {
  const exists = (name: string) => name.startsWith('pump');
  expect(thingOfConnection('pump-7', [{ thingName: 'pump-7', exclusive: false }], exists)).toEqual({
    thingName: 'pump-7',
    attached: true,
  });
  expect(thingOfConnection('pump-8', [{ thingName: 'pump-7', exclusive: false }], exists)).toEqual({
    thingName: 'pump-8',
    attached: false,
  });
  expect(thingOfConnection('any', [{ thingName: 'pump-7', exclusive: true }], exists)).toEqual({
    thingName: 'pump-7',
    attached: true,
  });
  expect(thingOfConnection('any', [{ thingName: 'pump-7', exclusive: false }], exists)).toBeUndefined();
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
  expect(() => parseIotPolicy(wide(50), 'Device')).toThrow(
    /Device: the IoT policy has \d+ characters, 2048 are allowed/,
  );
});

test("the broker's decisions reach the ledger", () => {
  const ledger = new UsageLedger();
  const authorizer = new IotAuthorizer({ ledger, arnPrefix: PREFIX });
  const policy = parseIotPolicy(devicePolicy, 'Device');
  authorizer.decide([policy], pump, connect);
  authorizer.decide([policy], pump, subscribe('#'));
  expect(ledger.report([policy]).unused.map(({ pattern }) => pattern)).toEqual([
    'iot:Subscribe',
    'iot:Receive',
    'iot:Publish',
  ]);
  expect(ledger.denials()).toEqual([
    expect.objectContaining({ caller: 'client pump-7', action: 'iot:Subscribe', resource: `${PREFIX}:topicfilter/#` }),
  ]);
});
