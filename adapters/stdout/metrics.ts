import { type MetricName, metricNamespace, metricSpec } from '../../core/metric-names.ts';
import type { Metrics } from '../../core/ports/event-sinks.ts';
import { createPrometheusText } from './prometheus-text.ts';

type Labels = Readonly<Record<string, string>>;
type Series = { readonly name: MetricName; readonly labels: Labels; values: number[]; count: number };

/** CloudWatch takes 100 values a metric and document. */
const maxValues = 100;

/**
 * Metrics as lines of CloudWatch's Embedded Metric Format on standard output, one a set of labels: whatever carries the
 * output to CloudWatch Logs makes metrics of them, without a header and without an agent. Nothing is written until
 * `flush`: a counter on a hot path costs an addition.
 */
export const createMetrics = (options: {
  readonly process: string;
  readonly now: () => number;
  readonly write?: (line: string) => void;
}): Metrics & { flush(): void; text(): string } => {
  const write = options.write ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const fresh = new Map<string, Series>();
  const totals = createPrometheusText();

  const series = (name: MetricName, labels: Labels): Series => {
    const key = `${name} ${JSON.stringify(labels)}`;
    const known = fresh.get(key) ?? { name, labels, values: [], count: 0 };
    fresh.set(key, known);
    return known;
  };

  return {
    count(name, by, labels = {}) {
      const one = series(name, labels);
      one.values = [(one.values[0] ?? 0) + by];
      totals.add(name, labels, by);
    },
    gauge(name, value, labels = {}) {
      series(name, labels).values = [value];
      totals.set(name, labels, value);
    },
    observe(name, value, labels = {}) {
      keep(series(name, labels), value);
      totals.observe(name, labels, value);
    },
    flush() {
      for (const { name, labels, values } of fresh.values())
        write(
          JSON.stringify({
            ...directive(name, options.now()),
            process: options.process,
            ...labels,
            [name]: values.length === 1 ? values[0] : values,
          }),
        );
      fresh.clear();
    },
    /** The same as Prometheus text, since the process began. */
    text: totals.text,
  };
};

/** The greatest value stands first and stays, for alarms ask for it; of the others each has the same chance to be sent. */
const keep = (series: Series, value: number): void => {
  const { values } = series;
  series.count += 1;
  const [greatest] = values;
  let rest = value;
  if (greatest === undefined) {
    values.push(value);
    return;
  }
  if (value > greatest) {
    values[0] = value;
    rest = greatest;
  }
  if (values.length < maxValues) values.push(rest);
  else if (Math.random() < (maxValues - 1) / series.count)
    values[1 + Math.floor(Math.random() * (maxValues - 1))] = rest;
};

/** What makes a metric of the line. One that is not for CloudWatch is a line to be searched for. */
const directive = (name: MetricName, timestamp: number) => {
  const { cloud, unit } = metricSpec(name);
  if (cloud === undefined) return { metric: name };
  return {
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        {
          Namespace: metricNamespace,
          Dimensions: [[...cloud]],
          // Of CloudWatch's units, none is a day.
          Metrics: [{ Name: name, Unit: unit === 'Days' ? 'None' : unit }],
        },
      ],
    },
  };
};
