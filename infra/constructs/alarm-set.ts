import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarmAction,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

/** When somebody is told, and what is written to them. */
export type AlarmSpec = {
  /** Heads its section of `docs/runbook.md`; a test compares the two. */
  readonly id: string;
  /** One sentence: what is wrong, for whoever is woken by it. */
  readonly says: string;
  readonly metric: IMetric;
  readonly is: 'atLeast' | 'above' | 'below';
  readonly threshold: number;
  /** So many periods of those looked at; both 1 unless given. */
  readonly bad?: number;
  readonly of?: number;
  /** What silence means. Most metrics are silent while nothing happens. */
  readonly silence: 'fine' | 'bad';
  /** `outage`: operators are shut out, or nobody records who comes in. `look`: it can wait for the morning. */
  readonly weight: 'outage' | 'look';
};

const comparisons = {
  atLeast: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  above: ComparisonOperator.GREATER_THAN_THRESHOLD,
  below: ComparisonOperator.LESS_THAN_THRESHOLD,
} as const;

/** `OpenSlow` -> `open-slow`. */
export const alarmWord = (id: string): string => id.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

/**
 * All alarms of a stage, and one above them that answers "is Sallyport well": it is in alarm while any outage is. Each
 * tells by itself when it begins and when it is over.
 */
export class AlarmSet extends Construct {
  readonly alarms: readonly Alarm[];
  readonly well: CompositeAlarm;

  constructor(
    scope: Construct,
    id: string,
    options: {
      /** Begins their names. */
      readonly prefix: string;
      readonly specs: readonly AlarmSpec[];
      readonly action: IAlarmAction;
    },
  ) {
    super(scope, id);
    const { prefix, specs, action } = options;
    const made = specs.map((spec) => {
      const bad = spec.bad ?? 1;
      const alarm = new Alarm(this, spec.id, {
        alarmName: `${prefix}-${alarmWord(spec.id)}`,
        alarmDescription: `${spec.says} What to do: docs/runbook.md, "${spec.id}".`,
        metric: spec.metric,
        comparisonOperator: comparisons[spec.is],
        threshold: spec.threshold,
        evaluationPeriods: spec.of ?? bad,
        datapointsToAlarm: bad,
        treatMissingData: spec.silence === 'bad' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return { spec, alarm };
    });
    this.alarms = made.map(({ alarm }) => alarm);
    const outages = made.filter(({ spec }) => spec.weight === 'outage').map(({ alarm }) => alarm);
    this.well = new CompositeAlarm(this, 'Well', {
      compositeAlarmName: `${prefix}-well`,
      alarmDescription: 'Sallyport is not well: one of its outages is going on. docs/runbook.md, "Well".',
      alarmRule: AlarmRule.anyOf(...outages.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
    });
    this.well.addAlarmAction(action);
    this.well.addOkAction(action);
  }
}
