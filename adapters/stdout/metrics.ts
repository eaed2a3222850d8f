import type { Metrics } from '../../core/ports/event-sinks.ts';

type Labels = Readonly<Record<string, string>>;
type Series = {
  readonly name: string;
  readonly labels: Labels;
  values: number[];
  count: number;
  readonly kind: 'count' | 'gauge' | 'observe';
};

/** CloudWatch takes 100 values a metric and document, and at most 30 dimensions. */
const maxValues = 100;

/**
 * Metrics as CloudWatch Embedded Metric Format lines on standard output (the log agent turns them into metrics), one
 * line a set of labels. Nothing is written until `flush`: a counter on a hot path costs an addition.
 */
export const createMetrics = (options: {
  readonly namespace: string;
  readonly process: string;
  readonly now: () => number;
  readonly write?: (line: string) => void;
}): Metrics & { flush(): void; text(): string } => {
  const write = options.write ?? ((line: string) => void process.stdout.write(`${line}\n`));
  const fresh = new Map<string, Series>();
  const totals = new Map<string, { readonly name: string; readonly labels: Labels; value: number }>();

  const series = (kind: Series['kind'], name: string, labels: Labels): Series => {
    const key = `${name} ${JSON.stringify(labels)}`;
    const known = fresh.get(key) ?? { kind, name, labels, values: [], count: 0 };
    fresh.set(key, known);
    return known;
  };
  const total = (name: string, labels: Labels) => {
    const key = `${name} ${JSON.stringify(labels)}`;
    const known = totals.get(key) ?? { name, labels, value: 0 };
    totals.set(key, known);
    return known;
  };

  return {
    count(name, by, labels = {}) {
      const one = series('count', name, labels);
      one.values = [(one.values[0] ?? 0) + by];
      total(name, labels).value += by;
    },
    gauge(name, value, labels = {}) {
      series('gauge', name, labels).values = [value];
      total(name, labels).value = value;
    },
    observe(name, value, labels = {}) {
      const one = series('observe', name, labels);
      one.count += 1;
      // Reservoir: every value has the same chance to be among the 100 that are sent.
      if (one.values.length < maxValues) one.values.push(value);
      else if (Math.random() < maxValues / one.count) one.values[Math.floor(Math.random() * maxValues)] = value;
      total(`${name}_count`, labels).value += 1;
      total(`${name}_sum`, labels).value += value;
    },
    flush() {
      for (const { name, labels, values } of fresh.values())
        write(
          JSON.stringify({
            _aws: {
              Timestamp: options.now(),
              CloudWatchMetrics: [
                {
                  Namespace: options.namespace,
                  Dimensions: [['process', ...Object.keys(labels)]],
                  Metrics: [{ Name: name }],
                },
              ],
            },
            process: options.process,
            ...labels,
            [name]: values.length === 1 ? values[0] : values,
          }),
        );
      fresh.clear();
    },
    /** The same as Prometheus text, since the process began. */
    text: () =>
      [...totals.values()]
        .map(({ name, labels, value }) => {
          const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
          return `sallyport_${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
        })
        .join(''),
  };
};
