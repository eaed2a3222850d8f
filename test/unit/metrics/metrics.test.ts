import { createMetrics } from '../../../adapters/stdout/metrics.ts';
import { metricNames, metricSpec, metrics as specs } from '../../../core/metric-names.ts';

type Line = { readonly _aws?: { readonly CloudWatchMetrics: readonly object[] }; readonly [name: string]: unknown };

const make = () => {
  const lines: Line[] = [];
  const metrics = createMetrics({ process: 'relay', now: () => 5, write: (line) => lines.push(JSON.parse(line)) });
  return { metrics, lines };
};

test('a label that is not a dimension stays in the line', () => {
  const { metrics, lines } = make();
  metrics.count('access', 2, { action: 'dial', decision: 'refused', code: 'unauthenticated' });
  metrics.gauge('tunnels', 7);
  metrics.flush();
  expect(lines).toEqual([
    {
      _aws: {
        Timestamp: 5,
        CloudWatchMetrics: [
          { Namespace: 'Sallyport', Dimensions: [['decision']], Metrics: [{ Name: 'access', Unit: 'Count' }] },
        ],
      },
      process: 'relay',
      action: 'dial',
      decision: 'refused',
      code: 'unauthenticated',
      access: 2,
    },
    {
      _aws: {
        Timestamp: 5,
        CloudWatchMetrics: [
          { Namespace: 'Sallyport', Dimensions: [['process']], Metrics: [{ Name: 'tunnels', Unit: 'Count' }] },
        ],
      },
      process: 'relay',
      tunnels: 7,
    },
  ]);
});

test('a metric that is not for CloudWatch is a line to be searched for', () => {
  const { metrics, lines } = make();
  metrics.gauge('sessions', 3);
  metrics.flush();
  metrics.flush();
  expect(lines).toEqual([{ metric: 'sessions', process: 'relay', sessions: 3 }]);
});

test('of many values a hundred are sent, the greatest among them', () => {
  const { metrics, lines } = make();
  for (let value = 1; value <= 1_000; value += 1) metrics.observe('open_milliseconds', value === 500 ? 9_000 : value);
  metrics.flush();
  const values = lines[0]?.open_milliseconds as readonly number[];
  expect(values).toHaveLength(100);
  expect(Math.max(...values)).toBe(9_000);
  // The others are of the whole run, not of its end.
  expect(values.filter((value) => value <= 500).length).toBeGreaterThan(20);
});

test('Prometheus reads counters, gauges and histograms since the start', () => {
  const { metrics } = make();
  metrics.count('port_claim_tries', 1, { space: 'own' });
  metrics.flush();
  metrics.count('port_claim_tries', 2, { space: 'own' });
  metrics.gauge('tunnels', 4);
  metrics.observe('open_milliseconds', 30);
  metrics.observe('open_milliseconds', 100);
  const text = metrics.text();
  expect(text).toContain('# TYPE sallyport_port_claim_tries_total counter\n');
  expect(text).toContain('sallyport_port_claim_tries_total{space="own"} 3\n');
  expect(text).toContain('# TYPE sallyport_tunnels gauge\nsallyport_tunnels 4\n');
  expect(text).toContain('# TYPE sallyport_open_milliseconds histogram\n');
  expect(text).toContain('sallyport_open_milliseconds_bucket{le="40"} 1\n');
  expect(text).toContain('sallyport_open_milliseconds_bucket{le="150"} 2\n');
  expect(text).toContain('sallyport_open_milliseconds_bucket{le="+Inf"} 2\n');
  expect(text).toContain('sallyport_open_milliseconds_sum 130\nsallyport_open_milliseconds_count 2\n');
});

test('no metric is told apart by something of which there are many', () => {
  const bounded = ['action', 'answer', 'code', 'decision', 'delivery', 'direction', 'kind', 'of', 'origin', 'outcome'];
  const more = ['process', 'reason', 'secret', 'space', 'state', 'status', 'step', 'type', 'way', 'why'];
  for (const name of metricNames) {
    const { labels = [], cloud = [], help } = metricSpec(name);
    expect([...bounded, ...more]).toEqual(expect.arrayContaining([...labels, ...cloud]));
    expect(['process', ...labels]).toEqual(expect.arrayContaining([...cloud]));
    expect(help).toMatch(/^[A-Z0-9].*[^.]$/);
  }
});

test('what CloudWatch bills each month stays few: a metric costs $0.30', () => {
  const values = { decision: 2, process: 2, space: 2, direction: 2, delivery: 5, of: 2, step: 6 } as const;
  const billed = Object.values(specs).flatMap((spec) => {
    if (!('cloud' in spec)) return [];
    const times = (spec.cloud as readonly (keyof typeof values)[]).map((dimension) => values[dimension]);
    return [times.reduce((product, count) => product * count, 1)];
  });
  expect(billed.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(75);
});
