import { Duration } from 'aws-cdk-lib';
import { type DimensionsMap, type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type MetricName, metricNamespace, metricSpec } from '../../core/metric-names.ts';

type Options = {
  readonly statistic: string;
  readonly minutes?: number;
  readonly dimensions?: DimensionsMap;
  readonly label?: string;
};

/** One of our own metrics. Throws where its dimensions are not those that the processes write: nothing would ever arrive. */
export const houseMetric = (name: MetricName, options: Options): Metric => {
  const { cloud } = metricSpec(name);
  const given = Object.keys(options.dimensions ?? {}).sort();
  if (cloud === undefined) throw new Error(`${name} does not go to CloudWatch`);
  if ([...cloud].sort().join() !== given.join())
    throw new Error(`${name} has the dimensions ${cloud.join(' ') || '(none)'}, not ${given.join(' ') || '(none)'}`);
  return new Metric({
    namespace: metricNamespace,
    metricName: name,
    statistic: options.statistic,
    period: Duration.minutes(options.minutes ?? 5),
    ...(options.dimensions === undefined ? {} : { dimensionsMap: options.dimensions }),
    ...(options.label === undefined ? {} : { label: options.label }),
  });
};

/** One of AWS's own. */
export const awsMetric = (
  namespace: string,
  metricName: string,
  options: Options & { readonly dimensions: DimensionsMap },
): Metric =>
  new Metric({
    namespace,
    metricName,
    statistic: options.statistic,
    period: Duration.minutes(options.minutes ?? 5),
    dimensionsMap: options.dimensions,
    ...(options.label === undefined ? {} : { label: options.label }),
  });

const letters = 'abcdefghij';

/** At most ten metrics stand in one alarm. */
const named = (metrics: readonly IMetric[]): Record<string, IMetric> => {
  if (metrics.length > letters.length) throw new Error('an alarm takes ten metrics');
  return Object.fromEntries(metrics.map((metric, at) => [letters.charAt(at), metric]));
};

/** All of them together; one that says nothing counts as 0. */
export const sumOf = (metrics: readonly IMetric[], label: string, minutes = 5): MathExpression => {
  const usingMetrics = named(metrics);
  const expression = Object.keys(usingMetrics)
    .map((letter) => `FILL(${letter}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, label, period: Duration.minutes(minutes) });
};

/** An expression over `a`, `b`, `c`... */
export const formula = (expression: string, metrics: readonly IMetric[], label: string, minutes = 5): MathExpression =>
  new MathExpression({ expression, usingMetrics: named(metrics), label, period: Duration.minutes(minutes) });
