import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { canarySteps, httpsSteps } from '../../core/canary-steps.ts';
import type { AlarmSpec } from '../constructs/alarm-set.ts';
import { awsMetric, formula, houseMetric } from '../constructs/house-metric.ts';
import type { StageConfig } from '../stage-config.ts';

export const exportAlarms = (exporter: IFunction): readonly AlarmSpec[] => [
  {
    id: 'AuditExportLate',
    says: 'Audit records wait for more than half an hour for their copy; after a day they are lost to it.',
    metric: awsMetric('AWS/Lambda', 'IteratorAge', {
      statistic: 'Maximum',
      dimensions: { FunctionName: exporter.functionName },
    }),
    ...{ is: 'above', threshold: 1_800_000, bad: 2, of: 2, silence: 'fine', weight: 'look' },
  },
  {
    id: 'AuditAltered',
    says: 'A row of the audit table was changed, removed, or does not hash to what it says.',
    metric: houseMetric('audit_export_rejected', { statistic: 'Sum' }),
    ...{ is: 'atLeast', threshold: 1, silence: 'fine', weight: 'outage' },
  },
];

/** Without a domain there is no HTTPS to try. */
export const canaryAlarms = ({ domain }: StageConfig): readonly AlarmSpec[] => {
  const steps = canarySteps.filter((step) => domain !== undefined || !httpsSteps.includes(step));
  return [
    {
      id: 'CanaryFails',
      says: 'The canary could not reach its device by one of the ways in, or does not run.',
      metric: formula(
        `MIN([${steps.map((_, at) => 'abcdefghij'.charAt(at)).join(', ')}])`,
        steps.map((step) => houseMetric('canary', { statistic: 'Minimum', dimensions: { step } })),
        'worst step',
      ),
      ...{ is: 'below', threshold: 1, bad: 2, of: 3, silence: 'bad', weight: 'outage' },
    },
  ];
};
