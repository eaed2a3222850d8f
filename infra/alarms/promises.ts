import type { AlarmSpec } from '../constructs/alarm-set.ts';
import { formula, houseMetric } from '../constructs/house-metric.ts';

/** What DESIGN 8 promises to those who use it, as they would feel it. */
export const promiseAlarms = (): readonly AlarmSpec[] => [
  {
    id: 'OpenSlow',
    says: 'From request to open takes longer than 2 s for one tunnel in a hundred.',
    metric: houseMetric('open_milliseconds', { statistic: 'p99' }),
    ...{ is: 'above', threshold: 2_000, bad: 3, of: 3, silence: 'fine', weight: 'look' },
  },
  {
    id: 'ConnectSlow',
    says: 'Connections of operators take longer than 8 s, and their clients give up at 10.',
    metric: houseMetric('connect_milliseconds', { statistic: 'p99' }),
    ...{ is: 'above', threshold: 8_000, bad: 2, of: 3, silence: 'fine', weight: 'look' },
  },
  {
    id: 'ReturnSlow',
    says: 'Tunnels whose relay went take longer than 5 s to answer at their address again.',
    metric: houseMetric('return_milliseconds', { statistic: 'p99' }),
    ...{ is: 'above', threshold: 5_000, bad: 1, of: 1, silence: 'fine', weight: 'look' },
  },
  {
    id: 'StreamsCut',
    says: 'A deployment or scale-in cut streams that outlived the drain.',
    metric: houseMetric('streams_cut', { statistic: 'Sum' }),
    ...{ is: 'above', threshold: 0, silence: 'fine', weight: 'look' },
  },
  {
    id: 'DoorsFail',
    says: 'More than one in twenty connections from routers to relays fails.',
    // Of three knocks one is quickly a third.
    metric: formula(
      'IF(b >= 20, 100 * FILL(a, 0) / b, 0)',
      [houseMetric('door_failures', { statistic: 'Sum' }), houseMetric('door_knocks', { statistic: 'Sum' })],
      'door failures, %',
    ),
    ...{ is: 'above', threshold: 5, bad: 2, of: 3, silence: 'fine', weight: 'outage' },
  },
];
