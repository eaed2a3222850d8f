import { type SweepPorts, sweep } from '../core/use-cases/sweep.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

/** Within the function's 55 s, with room for what is under way. */
const sweepMilliseconds = 45_000;

/** Each minute. */
export const respond = (ports: EdgePorts & SweepPorts, _event: unknown): Promise<void> =>
  sweep(ports, { until: ports.clock.monotonic() + sweepMilliseconds });

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('sweep', wiring.auditLog()),
    tunnels: wiring.tunnels(),
    claims: wiring.claims(),
    relays: wiring.relays(),
    changes: wiring.changes(),
  })),
  respond,
);
