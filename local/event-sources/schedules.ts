import { randomUUID } from 'node:crypto';
import { periodOf, type Schedule } from './schedule.ts';

export interface SchedulesOptions {
  readonly account: string;
  readonly region: string;
  /** Hands an event to a function, as EventBridge does: nobody waits for it. Throws when the function may not be invoked. */
  readonly invoke: (functionArn: string, payload: string, ruleArn: string) => Promise<void>;
  readonly onFailure: (schedule: Schedule, error: unknown) => void;
}

/** Runs functions by the clock, or by hand. */
export class Schedules {
  private readonly all = new Map<string, Schedule>();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly options: SchedulesOptions;

  constructor(options: SchedulesOptions) {
    this.options = options;
  }

  /** Throws when the expression is not understood. */
  add(schedule: Schedule): void {
    periodOf(schedule.expression);
    this.all.set(schedule.name, schedule);
  }

  /** Lets the enabled ones run by the clock. */
  start(): void {
    for (const schedule of this.all.values()) {
      if (!schedule.enabled) continue;
      const timer = setInterval(() => {
        void this.fire(schedule).catch((error: unknown) => this.options.onFailure(schedule, error));
      }, periodOf(schedule.expression));
      timer.unref();
      this.timers.push(timer);
    }
  }

  /** Runs one now: by its name, or by a part of its logical id that no other has. Resolves when its targets have ended. */
  async run(name: string): Promise<void> {
    const found = [...this.all.values()].filter(
      (one) => one.name === name || one.logicalId.toLowerCase().includes(name.toLowerCase()),
    );
    const [schedule] = found;
    if (schedule === undefined || found.length > 1) {
      const names = [...this.all.values()].map((one) => one.logicalId).join(', ');
      throw new Error(`${found.length} schedules are called ${name}; there are: ${names}`);
    }
    await this.fire(schedule);
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
  }

  private async fire(schedule: Schedule): Promise<void> {
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: this.options.account,
      time: new Date().toISOString().replace(/\.\d+/, ''),
      region: this.options.region,
      resources: [schedule.arn],
      detail: {},
    };
    await Promise.all(
      schedule.targets.map(({ functionArn, input }) =>
        this.options.invoke(functionArn, input ?? JSON.stringify(event), schedule.arn),
      ),
    );
  }
}
