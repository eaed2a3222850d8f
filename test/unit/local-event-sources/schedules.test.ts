import { periodOf, type Schedule } from '../../../local/event-sources/schedule.ts';
import { Schedules } from '../../../local/event-sources/schedules.ts';

const schedule = (logicalId: string, input?: string): Schedule => ({
  name: `stack-${logicalId}-1`,
  arn: `arn:rule/${logicalId}`,
  logicalId,
  expression: 'rate(1 minute)',
  enabled: true,
  targets: [{ functionArn: `f-${logicalId}`, ...(input === undefined ? {} : { input }) }],
});

test('a schedule runs by hand, by a part of its logical id, with the event of EventBridge or its own input', async () => {
  const calls: { functionArn: string; event: unknown; ruleArn: string }[] = [];
  const schedules = new Schedules({
    account: '000000000000',
    region: 'us-east-1',
    invoke: async (functionArn, payload, ruleArn) =>
      void calls.push({ functionArn, event: JSON.parse(payload), ruleArn }),
    onFailure: () => undefined,
  });
  schedules.add(schedule('EachMinuteC83'));
  schedules.add(schedule('Daily', '{"a":1}'));
  await schedules.run('eachminute');
  await schedules.run('Daily');
  expect(calls[0]).toMatchObject({
    functionArn: 'f-EachMinuteC83',
    ruleArn: 'arn:rule/EachMinuteC83',
    event: { source: 'aws.events', 'detail-type': 'Scheduled Event', resources: ['arn:rule/EachMinuteC83'] },
  });
  expect(calls[1]?.event).toEqual({ a: 1 });
  await expect(schedules.run('nothing')).rejects.toThrow(
    '0 schedules are called nothing; there are: EachMinuteC83, Daily',
  );
});

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(2 hours)', 7_200_000],
])('%s', (expression, expected) => {
  expect(periodOf(expression)).toBe(expected);
});

test('an expression that is not understood is an error', () => {
  expect(() => periodOf('cron(0 12 * * ? *)')).toThrow('is not known here');
});
