/** A rule that invokes functions at times (`AWS::Events::Rule` with a schedule). */
export interface Schedule {
  readonly name: string;
  readonly arn: string;
  readonly logicalId: string;
  readonly expression: string;
  readonly enabled: boolean;
  readonly targets: readonly ScheduleTarget[];
}

export interface ScheduleTarget {
  readonly functionArn: string;
  /** JSON that the function gets instead of the event. */
  readonly input?: string;
}

const milliseconds = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** The time between two runs, ms. Throws for `cron(...)`, which nothing needs yet. */
export function periodOf(expression: string): number {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  const unit = match?.[2];
  if (unit !== 'minute' && unit !== 'hour' && unit !== 'day') {
    throw new Error(`${expression} is not known here: teach it to local/event-sources/schedule.ts`);
  }
  return Number(match?.[1]) * milliseconds[unit];
}
