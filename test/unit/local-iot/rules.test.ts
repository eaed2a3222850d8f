import { EventEmitter, once } from 'node:events';
import type { RuleTarget } from '../../../local/iot/rules.ts';
import { allow } from './fake-authorize.ts';
import { Harness } from './harness.ts';

const LAMBDA: RuleTarget = {
  action: 'LambdaAction',
  resource: 'arn:aws:lambda:eu-central-1:111122223333:function:events',
};
const OTHER: RuleTarget = {
  action: 'LambdaAction',
  resource: 'arn:aws:lambda:eu-central-1:111122223333:function:other',
};
const QUEUE: RuleTarget = { action: 'SqsAction', resource: 'arn:aws:sqs:eu-central-1:111122223333:failed' };

let harness: Harness;
let invoked: EventEmitter;
let failing: (target: RuleTarget) => void;

beforeEach(async () => {
  invoked = new EventEmitter();
  failing = () => {};
  harness = await Harness.start({
    invoke: async (target, event) => {
      failing(target);
      invoked.emit('event', target, event);
    },
  });
});
afterEach(() => harness.close());

const nextEvent = async (): Promise<unknown[]> => once(invoked, 'event');

test('a rule hands matching messages to its targets, with identity from the broker', async () => {
  const sql =
    "SELECT *, topic(4) AS operator, clientid() AS client, principal() AS who FROM 'sallyport/v1/operators/+/requests'";
  harness.iot.addRule({ name: 'requests', sql, targets: [LAMBDA] });
  const device = await harness.device('op-1');
  const client = await harness.connect(device);
  const event = nextEvent();
  client.publish('elsewhere', '{}', { qos: 1 });
  const payload = JSON.stringify({ v: 1, operator: 'forged' });
  await client.publishAsync('sallyport/v1/operators/o1/requests', payload, { qos: 1 });
  expect(await event).toEqual([LAMBDA, { v: 1, operator: 'o1', client: 'op-1', who: device.certificateId }]);
});

test('Basic Ingest goes to the named rule alone, past subscribers, and topic() does not see the prefix', async () => {
  const sql = "SELECT *, topic(2) AS device FROM 'devices/+/events'";
  harness.iot.addRule({ name: 'events', sql, targets: [LAMBDA] });
  harness.iot.addRule({ name: 'others', sql: "SELECT * FROM 'devices/#'", targets: [OTHER] });
  const policy = allow({
    'iot:Connect': ['client/*'],
    'iot:Publish': ['topic/$aws/rules/events/devices/pump-7/events'],
    'iot:Subscribe': ['topicfilter/*'],
    'iot:Receive': ['topic/*'],
  });
  const client = await harness.connect(await harness.device('pump-7', { policies: [policy] }));
  await client.subscribeAsync('#');
  const heard: string[] = [];
  client.on('message', (topic) => heard.push(topic));
  const seen: unknown[] = [];
  invoked.on('event', (target, event) => seen.push([target, event]));

  const event = nextEvent();
  await client.publishAsync('$aws/rules/events/devices/pump-7/events', '{"v":1}', { qos: 1 });
  expect(await event).toEqual([LAMBDA, { v: 1, device: 'pump-7' }]);
  await expect(client.publishAsync('$aws/rules/events/devices/pump-8/events', '{}', { qos: 1 })).rejects.toMatchObject({
    code: 0x87,
  });
  await expect(client.publishAsync('$aws/rules/others/x', '{}', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
  expect(seen).toHaveLength(1);
  expect(heard).toEqual([]);
});

test('Basic Ingest cannot be retained, and an unknown rule is only logged', async () => {
  const client = await harness.connect(await harness.device('pump-7'));
  await expect(client.publishAsync('$aws/rules/x/y', '{}', { qos: 1, retain: true })).rejects.toMatchObject({
    code: 0x90,
  });
  const logged = harness.next('rule_not_found');
  await client.publishAsync('$aws/rules/x/y', '{}', { qos: 1 });
  expect(await logged).toEqual({ topic: '$aws/rules/x/y' });
});

test('a rule without FROM is reached by Basic Ingest only; a topic outside FROM is logged', async () => {
  harness.iot.addRule({ name: 'ingest', sql: 'SELECT *, topic() AS whole', targets: [LAMBDA] });
  const client = await harness.connect(await harness.device('pump-7'));
  const event = nextEvent();
  await client.publishAsync('a', '{}', { qos: 1 });
  await client.publishAsync('$aws/rules/ingest/a', '{}', { qos: 1 });
  expect(await event).toEqual([LAMBDA, { whole: 'a' }]);

  harness.iot.addRule({ name: 'strict', sql: "SELECT * FROM 'a'", targets: [LAMBDA] });
  const logged = harness.next('rule_topic_differs');
  await client.publishAsync('$aws/rules/strict/b', '{}', { qos: 1 });
  expect(await logged).toEqual({ rule: 'strict', topic: 'b' });
});

test('presence reaches rules, which may choose by WHERE', async () => {
  const sql =
    "SELECT clientId, versionNumber, topic(4) AS kind FROM '$aws/events/presence/+/+' WHERE eventType = 'disconnected'";
  harness.iot.addRule({ name: 'presence', sql, targets: [LAMBDA] });
  const event = nextEvent();
  await (await harness.connect(await harness.device('pump-7'))).endAsync();
  expect(await event).toEqual([LAMBDA, { clientId: 'pump-7', versionNumber: 0, kind: 'disconnected' }]);
});

test('a failing target goes to the error target, once for all failures; the others have their event', async () => {
  failing = (target) => {
    if (target === LAMBDA) throw new Error('No permission.');
  };
  harness.iot.addRule({ name: 'r', sql: "SELECT * FROM 'a'", targets: [LAMBDA, OTHER, LAMBDA], errorTarget: QUEUE });
  const client = await harness.connect(await harness.device('pump-7'));
  const both = new Promise<unknown[]>((resolve) => {
    const events: unknown[] = [];
    invoked.on('event', (target, event) => {
      if (events.push([target, event]) === 2) resolve(events);
    });
  });
  await client.publishAsync('a', '{"x":1}', { qos: 1 });
  const [first, second] = await both;
  expect(first).toEqual([OTHER, { x: 1 }]);
  const failure = { failedAction: 'LambdaAction', failedResource: LAMBDA.resource, errorMessage: 'No permission.' };
  expect(second).toEqual([
    QUEUE,
    {
      ruleName: 'r',
      topic: 'a',
      cloudwatchTraceId: expect.any(String),
      clientId: 'pump-7',
      base64OriginalPayload: Buffer.from('{"x":1}').toString('base64'),
      failures: [failure, failure],
    },
  ]);
});

test('a payload that is not JSON goes to the error target', async () => {
  harness.iot.addRule({ name: 'r', sql: "SELECT *, topic(1) AS t FROM 'a'", targets: [LAMBDA], errorTarget: QUEUE });
  const event = nextEvent();
  harness.iot.publish({ topic: 'a', payload: Buffer.from([0xff]) });
  expect(await event).toEqual([QUEUE, expect.objectContaining({ ruleName: 'r', clientId: 'n/a' })]);
});

test('a rule that AWS would refuse or read differently stops the start', () => {
  const add = (name: string, sql: string) => () => harness.iot.addRule({ name, sql, targets: [LAMBDA] });
  expect(add('no-dashes', "SELECT * FROM 'a'")).toThrow('is not a rule name');
  expect(add('r', "SELECT * FROM 'a/#/b'")).toThrow('is not a topic filter');
  expect(add('r', "SELECT * FROM '$aws/rules/x/a'")).toThrow('is not a topic filter');
  expect(add('r', "SELECT count(*) AS n FROM 'a'")).toThrow('does not offer');
  expect(add('r', "SELECT * FROM 'a'")).not.toThrow();
  expect(add('r', "SELECT * FROM 'b'")).toThrow('a rule r already');
});

test('closing waits for actions that run', async () => {
  let finish = () => {};
  let finished = false;
  const started = new Promise<void>((resolve) => {
    failing = () => resolve();
  });
  const slow = await Harness.start({
    invoke: async (target) => {
      failing(target);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      finished = true;
    },
  });
  slow.iot.addRule({ name: 'r', sql: "SELECT * FROM 'a'", targets: [LAMBDA] });
  slow.iot.publish({ topic: 'a', payload: Buffer.from('{}') });
  await started;
  const closed = slow.close();
  finish();
  await closed;
  expect(finished).toBe(true);
});
