import { assessHealth } from '../core/use-cases/assess-health.ts';
import type { Call } from './edge/call.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `GET /v1/health`: 200 whatever it says, for the question was answered. */
export const respond = async (ports: EdgePorts & Parameters<typeof assessHealth>[0], _call: Call): Promise<Answer> => {
  const health = await assessHealth(ports);
  ports.hub.metrics.gauge('health', health.status);
  return { status: 200, body: health };
};

export const handler = httpHandler(
  wiring.wire(() => ({ ...wiring.edge('health'), relays: wiring.relays(), tunnels: wiring.tunnels() })),
  respond,
);
