import { type MetricName, metricSpec } from '../../core/metric-names.ts';

type Labels = Readonly<Record<string, string>>;
type Bucketed = { readonly labels: Labels; readonly below: number[]; sum: number; count: number };

/** The thresholds of DESIGN 8 are among them: 40 and 150 ms, 5, 8 and 35 s. */
const milliseconds = [5, 10, 20, 40, 75, 150, 300, 1_000, 2_500, 5_000, 8_000, 15_000, 35_000];
const counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

export const prometheusName = (name: MetricName): string =>
  `sallyport_${name}${metricSpec(name).kind === 'count' ? '_total' : ''}`;

/** All that was counted since the process began, in Prometheus' text format (version 0.0.4). */
export const createPrometheusText = () => {
  const plain = new Map<MetricName, Map<string, { readonly labels: Labels; value: number }>>();
  const bucketed = new Map<MetricName, Map<string, Bucketed>>();

  const value = (name: MetricName, labels: Labels) => {
    const known = find(plain, name);
    const key = JSON.stringify(labels);
    const one = known.get(key) ?? { labels, value: 0 };
    known.set(key, one);
    return one;
  };

  return {
    add(name: MetricName, labels: Labels, by: number): void {
      value(name, labels).value += by;
    },
    set(name: MetricName, labels: Labels, to: number): void {
      value(name, labels).value = to;
    },
    observe(name: MetricName, labels: Labels, seen: number): void {
      const known = find(bucketed, name);
      const key = JSON.stringify(labels);
      const bounds = boundsOf(name);
      const one = known.get(key) ?? { labels, below: bounds.map(() => 0), sum: 0, count: 0 };
      known.set(key, one);
      one.sum += seen;
      one.count += 1;
      for (const [at, bound] of bounds.entries()) if (seen <= bound) one.below[at] = (one.below[at] ?? 0) + 1;
    },
    text(): string {
      const lines: string[] = [];
      for (const [name, known] of plain)
        lines.push(
          ...head(name),
          ...[...known.values()].map(({ labels, value: now }) => `${prometheusName(name)}${pairs(labels)} ${now}`),
        );
      for (const [name, known] of bucketed)
        lines.push(...head(name), ...[...known.values()].flatMap((one) => histogram(name, one)));
      return lines.map((line) => `${line}\n`).join('');
    },
  };
};

const find = <Value>(all: Map<MetricName, Map<string, Value>>, name: MetricName): Map<string, Value> => {
  const known = all.get(name) ?? new Map<string, Value>();
  all.set(name, known);
  return known;
};

const boundsOf = (name: MetricName) => (metricSpec(name).unit === 'Milliseconds' ? milliseconds : counts);

const head = (name: MetricName): readonly string[] => {
  const { kind, help } = metricSpec(name);
  const type = { count: 'counter', gauge: 'gauge', observe: 'histogram' }[kind];
  return [`# HELP ${prometheusName(name)} ${help}`, `# TYPE ${prometheusName(name)} ${type}`];
};

const pairs = (labels: Labels): string => {
  const written = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  return written.length === 0 ? '' : `{${written.join(',')}}`;
};

const histogram = (name: MetricName, { labels, below, sum, count }: Bucketed): readonly string[] => {
  const base = prometheusName(name);
  return [
    ...boundsOf(name).map((bound, at) => `${base}_bucket${pairs({ ...labels, le: String(bound) })} ${below[at] ?? 0}`),
    `${base}_bucket${pairs({ ...labels, le: '+Inf' })} ${count}`,
    `${base}_sum${pairs(labels)} ${sum}`,
    `${base}_count${pairs(labels)} ${count}`,
  ];
};
