/** One line of a log: ids belong here. */
export type LogLine = {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, string | number | boolean | undefined>>;
};
export type Log = { write(line: LogLine): void };

/** Counters, gauges and distributions. Labels are few and bounded: never ids. */
export type Metrics = {
  count(name: string, by: number, labels?: Readonly<Record<string, string>>): void;
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
  /** Milliseconds or bytes, as the name says. */
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void;
};
