import type { AlarmSpec } from '../constructs/alarm-set.ts';
import { houseMetric } from '../constructs/house-metric.ts';

/** Who comes in, who tries, and whether it is written down. */
export const accessAlarms = (): readonly AlarmSpec[] => [
  {
    id: 'AuditFails',
    says: 'Audit records cannot be written, and access is refused for it.',
    metric: houseMetric('audit_failures', { statistic: 'Sum' }),
    ...{ is: 'atLeast', threshold: 1, silence: 'fine', weight: 'outage' },
  },
  {
    id: 'RefusalsOfOne',
    says: 'One operator was refused 50 times in ten minutes.',
    metric: houseMetric('operator_refusals', { statistic: 'Maximum' }),
    ...{ is: 'atLeast', threshold: 50, silence: 'fine', weight: 'look' },
  },
  {
    id: 'ReachOfOne',
    says: 'One operator reached 50 devices within an hour.',
    metric: houseMetric('operator_devices', { statistic: 'Maximum' }),
    ...{ is: 'atLeast', threshold: 50, silence: 'fine', weight: 'look' },
  },
  {
    id: 'KeyShared',
    says: 'One session key dialled for several devices: it was copied.',
    metric: houseMetric('key_devices', { statistic: 'Maximum' }),
    ...{ is: 'atLeast', threshold: 2, silence: 'fine', weight: 'look' },
  },
  {
    id: 'RefusalsMany',
    says: 'More than 1,000 refusals in five minutes: somebody tries doors, or a policy shut a fleet out.',
    metric: houseMetric('access', { statistic: 'Sum', dimensions: { decision: 'refused' } }),
    ...{ is: 'above', threshold: 1_000, bad: 2, of: 2, silence: 'fine', weight: 'look' },
  },
];
