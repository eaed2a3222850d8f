import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Price = { readonly usd: number; readonly per: string; readonly older?: boolean };
type Prices = { readonly region: string; readonly read: string; readonly prices: Readonly<Record<string, Price>> };

/** A fleet and its month, in averages. */
export type Scenario = {
  readonly name: string;
  readonly profile: 'small' | 'standard';
  readonly devices: number;
  /** Open at any moment. Each lives an hour, so this times 730 are opened. */
  readonly tunnels: number;
  readonly instances: number;
  readonly zones: number;
};

export const scenarios: readonly Scenario[] = [
  { name: '100 devices, `small`', profile: 'small', devices: 100, tunnels: 2, instances: 1, zones: 1 },
  { name: '1,000 devices, `standard`', profile: 'standard', devices: 1_000, tunnels: 20, instances: 4, zones: 2 },
  {
    name: '100,000 devices, `standard`',
    profile: 'standard',
    devices: 100_000,
    tunnels: 1_000,
    instances: 5,
    zones: 2,
  },
];

const hours = 730;
const seconds = hours * 3_600;
const gigabytesPerTunnelHour = 0.02;
/** Metrics that are there in every hour, and those that are only while somebody works: 8 hours of 22 days. */
export const metricsAlways = 14;
export const metricsAtWork = 32;
const workShare = (8 * 22) / hours;
/** A test counts them in the template. */
export const alarmMetrics = { small: 66, standard: 71 } as const;

const readPrices = (): Prices => JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8'));

/** What a scenario costs a month, US dollars, by part. */
export const costsOf = (scenario: Scenario): Readonly<Record<string, number>> => {
  const { prices } = readPrices();
  const usd = (name: string, quantity: number): number => {
    const price = prices[name];
    if (price === undefined) throw new Error(`docs/prices.json has no price of ${name}`);
    return price.usd * quantity;
  };
  const { devices, instances } = scenario;
  const standard = scenario.profile === 'standard';
  const opened = scenario.tunnels * hours;
  const gigabytes = opened * gigabytesPerTunnelHour;
  const reconnects = devices * 60;
  const processes = standard ? instances : 2 * instances;
  // Each process asks the four shards of Changes every second; a relay of two processes writes its lease each 5 s.
  const reads = processes * 4 * seconds + opened * 20 + 20 * (seconds / 60);
  const writes = (processes / 2) * (seconds / 5) + opened * 20 + reconnects * 2;
  const invocations = opened * 8 + seconds / 60 + reconnects;
  return {
    instances: usd(standard ? 'c8g.large' : 't4g.small', instances * hours) + usd('volume', 30 * instances),
    'public addresses': usd('ipv4', (instances + (standard ? 2 * scenario.zones : 0)) * hours),
    'load balancers': standard ? usd('balancer', 2 * hours) + usd('balancerUnit', gigabytes * 2) : 0,
    'egress, both legs': usd('egress', Math.max(0, gigabytes - 100)),
    'between zones': standard ? usd('crossZone', gigabytes * 2 * ((scenario.zones - 1) / scenario.zones)) : 0,
    'IoT Core': usd('connection', (devices * hours * 60) / 1e6) + usd('message', (opened * 6 + reconnects * 2) / 1e6),
    'API and functions':
      usd('request', (opened * 6) / 1e6) +
      usd('invocation', invocations / 1e6) +
      usd('compute', (invocations * 0.05) / 2e6),
    DynamoDB: usd('write', writes / 1e6) + usd('read', reads / 1e6),
    'key, secrets, zone': usd('key', 1) + usd('secret', 6) + usd('zone', 1),
    logs: usd('logs', 1.5 + opened * 1e-5),
    'metrics and alarms':
      usd('metric', Math.max(0, metricsAlways - 10) + metricsAtWork * workShare + 7 * instances) +
      usd('alarmMetric', alarmMetrics[scenario.profile] - 10) +
      usd('compositeAlarm', 1),
  };
};

export const sumOf = (scenario: Scenario): number =>
  Object.values(costsOf(scenario)).reduce((sum, part) => sum + part, 0);

const dollars = (amount: number): string =>
  amount >= 100 ? Math.round(amount).toLocaleString('en-US') : amount.toFixed(2);

/** The page of prices, as it follows from `prices.json`. */
export const pricesPage = (): string => {
  const { region, read, prices } = readPrices();
  const costs = scenarios.map(costsOf);
  const parts = Object.keys(costs[0] ?? {});
  const line = (...cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `# What it costs

Written by \`npx tsx docs/write-prices.ts\` from \`docs/prices.json\` (${region}, read ${read}); a test compares the two. US
dollars a month of ${hours} hours, on demand, without taxes and without the free tier of a new account.

${line('', ...scenarios.map(({ name }) => name))}
${line('---', ...scenarios.map(() => '---:'))}
${parts.map((part) => line(part, ...costs.map((cost) => dollars(cost[part] ?? 0)))).join('\n')}
${line('**sum**', ...scenarios.map((scenario) => `**${dollars(sumOf(scenario))}**`))}

Supposed: ${scenarios.map(({ tunnels }) => tunnels.toLocaleString('en-US')).join(', ')} tunnels open on average, each for an hour and 20 MB; each device always connected, with 60 reconnects; a relay and router of \`standard\` on \`c8g.large\` each. At this
scale bytes rule: put your own in.

Beside it, where the stage config asks for them: an exported wildcard certificate of ACM ($149 at issue, an older figure; ACME
is free), Cognito ($0.015 an active user after 10,000), copies of audit records ($1 for their key, and the bucket), the canary
(17,500 tunnels a month, about a dollar), a second address in \`small\`.

## Unit prices
| | US dollars | per |
|---|---:|---|
${Object.entries(prices)
  .map(([name, { usd, per, older }]) =>
    line(`\`${name}\``, String(usd), `${per}${older === true ? ' (older figure: look it up)' : ''}`),
  )
  .join('\n')}
`;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync(join(import.meta.dirname, 'prices.md'), pricesPage());
