import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { AlarmSpec } from '../constructs/alarm-set.ts';
import { awsMetric, houseMetric, sumOf } from '../constructs/house-metric.ts';
import type { Foundation } from '../foundation.ts';
import type { FunctionName } from '../functions.ts';

/** What the alarms look at in the control stack. */
export type Watched = {
  readonly functions: Readonly<Record<FunctionName, IFunction>>;
  readonly apiIds: readonly string[];
  /** Where IoT rules write what they could not hand over. */
  readonly undelivered: readonly ILogGroup[];
};

/** Those that nobody asks by HTTP: whoever asks by HTTP sees the failure, and the API's own 5xx count it. */
const byEvents = [
  'sweep',
  'notify',
  'device-event',
  'device-revoked',
  'tunnel-request-mqtt',
  'open-for-jump',
  'mqtt-authorizer',
  'provisioning-hook',
  'host-keys',
  'rotate-host-keys',
] as const satisfies readonly FunctionName[];
/** Those with a queue of Lambda's own, which gives an event up in the end. The sweep has an alarm for being late. */
const messages = ['device-event', 'device-revoked', 'tunnel-request-mqtt'] as const satisfies readonly FunctionName[];
const queued = [...messages, 'rotate-host-keys'] as const satisfies readonly FunctionName[];
/** Those that many may ask for at once; an alarm takes ten metrics. */
const throttled = [
  'sweep',
  'notify',
  ...messages,
  'open-for-jump',
  'mqtt-authorizer',
  'tunnel-request',
  'tunnel-get',
  'tunnel-close',
] as const satisfies readonly FunctionName[];

const busiest = ['tunnels', 'portClaims', 'devices', 'relays', 'audit'] as const;

export const functionAlarms = (watched: Watched, { tables }: Pick<Foundation, 'tables'>): readonly AlarmSpec[] => {
  const lambda = (name: FunctionName, metric: string, statistic: string) =>
    awsMetric('AWS/Lambda', metric, {
      statistic,
      dimensions: { FunctionName: watched.functions[name].functionName },
      label: name,
    });
  const table = ({ tableName }: ITable, metric: string) =>
    awsMetric('AWS/DynamoDB', metric, { statistic: 'Sum', dimensions: { TableName: tableName } });
  return [
    {
      id: 'SweepLate',
      says: 'Tunnels live more than three minutes past their end: the sweep is behind.',
      metric: houseMetric('sweep_lag_seconds', { statistic: 'Maximum' }),
      ...{ is: 'above', threshold: 180, bad: 2, of: 2, silence: 'bad', weight: 'look' },
    },
    {
      id: 'FunctionsFail',
      says: 'Requests or events fail through no fault of who asked.',
      metric: houseMetric('failures', { statistic: 'Sum' }),
      ...{ is: 'atLeast', threshold: 5, bad: 2, of: 3, silence: 'fine', weight: 'look' },
    },
    {
      id: 'FunctionsCrash',
      says: 'A function that is run by events ends with an error, or does not come to its end.',
      metric: sumOf(
        byEvents.map((name) => lambda(name, 'Errors', 'Sum')),
        'errors',
      ),
      ...{ is: 'atLeast', threshold: 3, bad: 2, of: 3, silence: 'fine', weight: 'look' },
    },
    {
      id: 'FunctionsThrottled',
      says: 'Functions are not run because the concurrency of the account or their own is used up.',
      metric: sumOf(
        throttled.map((name) => lambda(name, 'Throttles', 'Sum')),
        'throttles',
      ),
      ...{ is: 'atLeast', threshold: 1, bad: 2, of: 3, silence: 'fine', weight: 'outage' },
    },
    {
      id: 'EventsLost',
      says: 'Events were given up: messages of devices or operators, news of a revoked certificate, a step of key rotation.',
      metric: sumOf(
        [
          ...queued.map((name) => lambda(name, 'AsyncEventsDropped', 'Sum')),
          ...watched.undelivered.map(({ logGroupName }) =>
            awsMetric('AWS/Logs', 'IncomingLogEvents', {
              statistic: 'Sum',
              dimensions: { LogGroupName: logGroupName },
            }),
          ),
        ],
        'lost events',
      ),
      ...{ is: 'atLeast', threshold: 1, silence: 'fine', weight: 'look' },
    },
    {
      id: 'NotifyLate',
      says: "Operators hear of their tunnels' changes more than a minute late.",
      metric: lambda('notify', 'IteratorAge', 'Maximum'),
      ...{ is: 'above', threshold: 60_000, bad: 2, of: 2, silence: 'fine', weight: 'look' },
    },
    {
      id: 'ApiFails',
      says: 'The API answers 5xx.',
      metric: sumOf(
        watched.apiIds.map((ApiId) => awsMetric('AWS/ApiGateway', '5xx', { statistic: 'Sum', dimensions: { ApiId } })),
        '5xx',
      ),
      ...{ is: 'atLeast', threshold: 10, bad: 2, of: 3, silence: 'fine', weight: 'outage' },
    },
    {
      id: 'TablesThrottled',
      says: 'DynamoDB turns reads or writes away.',
      metric: sumOf(
        busiest.flatMap((noun) => [
          table(tables[noun], 'WriteThrottleEvents'),
          table(tables[noun], 'ReadThrottleEvents'),
        ]),
        'throttled',
      ),
      ...{ is: 'atLeast', threshold: 10, bad: 2, of: 3, silence: 'fine', weight: 'outage' },
    },
  ];
};
