import type { MetricOf } from '../metric-names.ts';

/** One line of a log: ids belong here. */
export type LogLine = {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
};
export type Log = { write(line: LogLine): void };

type Labels = Readonly<Record<string, string>>;

/** Counters, gauges and distributions, all of them in `core/metric-names.ts`. Labels are few and bounded: never ids. */
export type Metrics = {
  count(name: MetricOf<'count'>, by: number, labels?: Labels): void;
  gauge(name: MetricOf<'gauge'>, value: number, labels?: Labels): void;
  /** Milliseconds or bytes, as the name says. */
  observe(name: MetricOf<'observe'>, value: number, labels?: Labels): void;
};
