import { randomUUID } from 'node:crypto';
import { parsePattern } from './event-pattern.ts';

/** A rule that invokes functions for events of AWS services. */
export interface EventRule {
  readonly arn: string;
  /** EventBridge's language. */
  readonly pattern: unknown;
  readonly enabled: boolean;
  readonly functionArns: readonly string[];
}

export interface EventBusOptions {
  readonly account: string;
  readonly region: string;
  /** Hands an event to a function. Nobody waits for it. Throws when the function may not be invoked. */
  readonly invoke: (functionArn: string, payload: string, ruleArn: string) => void;
}

/** The default event bus, as far as CloudTrail tells of calls to AWS. */
export class EventBus {
  private readonly rules: (EventRule & { readonly matches: (event: unknown) => boolean })[] = [];

  constructor(private readonly options: EventBusOptions) {}

  /** Throws when the pattern is not understood. */
  add(rule: EventRule): void {
    this.rules.push({ ...rule, matches: parsePattern(JSON.stringify(rule.pattern)) });
  }

  /** A call that succeeded, as CloudTrail tells it. On AWS this takes seconds, at times minutes. */
  called(service: string, eventName: string, requestParameters: Readonly<Record<string, unknown>>): void {
    const { account, region } = this.options;
    const time = new Date().toISOString().replace(/\.\d+/, '');
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'AWS API Call via CloudTrail',
      source: `aws.${service}`,
      account,
      time,
      region,
      resources: [],
      detail: {
        eventVersion: '1.08',
        eventTime: time,
        eventSource: `${service}.amazonaws.com`,
        eventName,
        awsRegion: region,
        requestParameters,
        responseElements: null,
        eventType: 'AwsApiCall',
      },
    };
    for (const { arn, matches, enabled, functionArns } of this.rules) {
      if (!enabled || !matches(event)) continue;
      for (const functionArn of functionArns) this.options.invoke(functionArn, JSON.stringify(event), arn);
    }
  }
}
