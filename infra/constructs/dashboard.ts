import {
  AlarmStatusWidget,
  Column,
  Dashboard,
  GraphWidget,
  type IAlarm,
  type IMetric,
  type IWidget,
  Row,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { canarySteps } from '../../core/canary-steps.ts';
import type { MetricName } from '../../core/metric-names.ts';
import type { StageConfig } from '../stage-config.ts';
import { houseMetric } from './house-metric.ts';

const width = 8;

const graph = (title: string, left: readonly IMetric[], options: { readonly from?: number } = {}): IWidget =>
  new GraphWidget({ title, left: [...left], width, height: 6, leftYAxis: { min: options.from ?? 0 } });

const each = (name: MetricName, dimension: string, values: readonly string[], statistic: string) =>
  values.map((value) => houseMetric(name, { statistic, dimensions: { [dimension]: value }, label: value }));

const quantiles = (name: MetricName) =>
  ['p50', 'p99'].map((statistic) => houseMetric(name, { statistic, label: statistic }));

const sum = (name: MetricName, label: string = name) => houseMetric(name, { statistic: 'Sum', label });
const greatest = (name: MetricName, label: string = name) => houseMetric(name, { statistic: 'Maximum', label });

/** One page: is it well, does it keep its promises, who comes in, and what carries it. */
export class StageDashboard extends Dashboard {
  constructor(
    scope: Construct,
    id: string,
    options: { readonly name: string; readonly config: StageConfig; readonly alarms: readonly IAlarm[] },
  ) {
    super(scope, id, { dashboardName: options.name });
    const { config, alarms } = options;
    const processes = ['relay', 'router'];
    this.addWidgets(
      new TextWidget({
        markdown: `# ${options.name}\nEach alarm has its section in \`docs/runbook.md\`.`,
        width: 24,
        height: 2,
      }),
      new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 4 }),
      new Row(
        new SingleValueWidget({
          title: 'Now',
          width: 24,
          height: 3,
          metrics: [
            houseMetric('relays_alive', { statistic: 'Minimum', label: 'relays' }),
            houseMetric('tunnels', { statistic: 'Maximum', dimensions: { process: 'relay' }, label: 'fullest relay' }),
            greatest('streams', 'streams, fullest router'),
            sum('tunnels_requested', 'requests in 5 min'),
          ],
        }),
      ),
      new Row(
        graph('Request to open, ms', quantiles('open_milliseconds')),
        graph('Connection of an operator, ms', quantiles('connect_milliseconds')),
        graph('Same address again after a lost relay, ms', quantiles('return_milliseconds')),
      ),
      new Row(
        graph('Decisions', each('access', 'decision', ['allowed', 'refused'], 'Sum')),
        graph('Reach of one', [
          greatest('operator_devices', 'devices of an operator, 1 h'),
          greatest('operator_refusals', 'refusals of an operator, 10 min'),
          greatest('key_devices', 'devices of a key, 1 h'),
        ]),
        graph('Audit', [sum('audit_failures', 'not written'), sum('audit_export_rejected', 'altered')]),
      ),
      new Row(
        graph('Tunnels of a relay', [
          ...each('tunnels', 'process', ['relay'], 'Average').map((one) => one.with({ label: 'mean' })),
          ...each('tunnels', 'process', ['relay'], 'Maximum').map((one) => one.with({ label: 'fullest' })),
        ]),
        graph('Leases', [sum('lease_failed', 'failed'), sum('lease_lost', 'lost')]),
        graph('Ports taken when tried', each('port_claim_collisions', 'space', ['own', 'shared'], 'Sum')),
      ),
      new Row(
        graph('Bytes', each('stream_bytes', 'direction', ['to_device', 'to_operator'], 'Sum')),
        graph('Event loop, ms late', each('loop_delay_milliseconds', 'process', processes, 'Maximum')),
        graph('Memory, bytes', each('memory_bytes', 'process', processes, 'Maximum')),
      ),
      new Row(
        graph('Commands to devices', each('commands', 'delivery', ['acknowledged', 'silent', 'offline'], 'Sum')),
        graph('Doors', [sum('door_knocks', 'knocks'), sum('door_failures', 'failures')]),
        graph('Sweep', [greatest('sweep_lag_seconds', 'seconds late')]),
      ),
      new Row(
        new Column(graph('Failures', [sum('failures', 'functions'), sum('streams_cut', 'streams cut by a drain')])),
        ...(config.domain === undefined
          ? []
          : [graph('Certificate, days left', [houseMetric('certificate_days_left', { statistic: 'Minimum' })])]),
        ...(config.canary ? [graph('Canary, ms', each('canary_milliseconds', 'step', canarySteps, 'p50'))] : []),
      ),
    );
  }
}
