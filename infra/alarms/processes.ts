import type { AlarmSpec } from '../constructs/alarm-set.ts';
import { formula, houseMetric } from '../constructs/house-metric.ts';
import type { StageConfig } from '../stage-config.ts';

/** DESIGN 8: a relay is built for 16,000; from here on there should be another. */
const fullTunnels = 12_800;

const ofProcess = (name: 'memory_bytes' | 'loop_delay_milliseconds', process: 'relay' | 'router') =>
  houseMetric(name, { statistic: 'Maximum', dimensions: { process } });

/** Ports are tried at random, so the share that was taken is how full the space is; a hundred tries make it a number. */
const fill = (space: 'own' | 'shared') =>
  formula(
    'IF(b >= 100, 100 * a / b, 0)',
    [
      houseMetric('port_claim_collisions', { statistic: 'Sum', minutes: 15, dimensions: { space } }),
      houseMetric('port_claim_tries', { statistic: 'Sum', minutes: 15, dimensions: { space } }),
    ],
    `${space} ports taken, %`,
    15,
  );

/** Relays alive without which one loss is an outage. */
const wanted = ({ profile, capacity }: StageConfig): number =>
  profile === 'small' ? capacity.instances.count : capacity.relays.min;

const relaysAtMax = (max: number): AlarmSpec => ({
  id: 'RelaysAtMax',
  says: 'As many relays run as the stage config allows.',
  metric: houseMetric('relays_alive', { statistic: 'Minimum' }),
  ...{ is: 'atLeast', threshold: max, bad: 3, of: 3, silence: 'fine', weight: 'look' },
});

const certificateEnds = (): AlarmSpec => ({
  id: 'CertificateEnds',
  says: 'The wildcard certificate ends in less than 14 days.',
  metric: houseMetric('certificate_days_left', { statistic: 'Minimum', minutes: 60 }),
  ...{ is: 'below', threshold: 14, silence: 'fine', weight: 'look' },
});

/** Relays and routers. */
export const processAlarms = (config: StageConfig): readonly AlarmSpec[] => [
  {
    id: 'RelaysFew',
    says: 'Fewer relays are alive than there should be, or the sweep that counts them does not run.',
    metric: houseMetric('relays_alive', { statistic: 'Minimum' }),
    ...{ is: 'below', threshold: wanted(config), bad: 2, of: 2, silence: 'bad', weight: 'outage' },
  },
  ...(config.profile === 'standard' ? [relaysAtMax(config.capacity.relays.max)] : []),
  {
    id: 'RelayFull',
    says: 'A relay holds more than 12,800 tunnels.',
    metric: houseMetric('tunnels', { statistic: 'Maximum', dimensions: { process: 'relay' } }),
    ...{ is: 'above', threshold: fullTunnels, bad: 2, of: 2, silence: 'fine', weight: 'look' },
  },
  {
    id: 'LeasesFail',
    says: 'Relays cannot renew their leases.',
    metric: houseMetric('lease_failed', { statistic: 'Sum' }),
    ...{ is: 'atLeast', threshold: 10, silence: 'fine', weight: 'look' },
  },
  {
    id: 'LeaseLost',
    says: 'A relay lost its lease and ended all its sessions.',
    metric: houseMetric('lease_lost', { statistic: 'Sum' }),
    ...{ is: 'atLeast', threshold: 1, silence: 'fine', weight: 'outage' },
  },
  {
    id: 'PortsFilling',
    says: 'Seven of ten ports of a relay are claimed.',
    metric: fill('own'),
    ...{ is: 'atLeast', threshold: 70, bad: 2, of: 2, silence: 'fine', weight: 'look' },
  },
  {
    id: 'SharedPortsFilling',
    says: 'Seven of ten ports of the shared space are claimed, which plain TCP needs.',
    metric: fill('shared'),
    ...{ is: 'atLeast', threshold: 70, bad: 2, of: 2, silence: 'fine', weight: 'look' },
  },
  {
    id: 'ProcessLate',
    says: 'The event loop of a relay or router is more than 200 ms late.',
    metric: formula(
      'MAX([FILL(a, 0), FILL(b, 0)])',
      [ofProcess('loop_delay_milliseconds', 'relay'), ofProcess('loop_delay_milliseconds', 'router')],
      'event loop, ms late',
    ),
    ...{ is: 'above', threshold: 200, bad: 3, of: 3, silence: 'fine', weight: 'look' },
  },
  {
    id: 'MemoryHigh',
    says: 'A relay or router uses more than nine tenths of the memory that it was given.',
    metric: formula(
      `100 * MAX([FILL(a, 0) / ${config.relay.memoryMebibytes}, FILL(b, 0) / ${config.router.memoryMebibytes}]) / 1048576`,
      [ofProcess('memory_bytes', 'relay'), ofProcess('memory_bytes', 'router')],
      'memory, %',
    ),
    ...{ is: 'above', threshold: 90, bad: 3, of: 3, silence: 'fine', weight: 'look' },
  },
  {
    id: 'SecretStale',
    says: 'A process cannot read or use the newest version of a secret, and serves the one before.',
    metric: houseMetric('secret_stale', { statistic: 'Maximum' }),
    ...{ is: 'atLeast', threshold: 1, bad: 3, of: 3, silence: 'fine', weight: 'look' },
  },
  ...(config.domain === undefined ? [] : [certificateEnds()]),
];
