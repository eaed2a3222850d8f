import { registerCanaryKey } from '../core/use-cases/register-canary-key.ts';
import { type CanaryPorts, runCanary } from '../core/use-cases/run-canary.ts';
import { eventHandler } from './edge/event.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

export type Ports = EdgePorts & CanaryPorts & { readonly registered: () => Promise<void> };

/** Each few minutes. A failed step is a metric and a log line, not an error: trying again at once would prove nothing. */
export const respond = async (ports: Ports, _event: unknown): Promise<void> => {
  await ports.registered().catch((error: unknown) => {
    // The steps that need the key fail, and say so.
    ports.hub.log('error', 'canary.unregistered', { error: error instanceof Error ? error.message : 'unknown' });
  });
  await runCanary(ports);
};

export const handler = eventHandler(
  wiring.wire(() => {
    const edge = wiring.edge('canary');
    const api = wiring.operatorApi();
    const jump = wiring.jumpClient();
    let registration: Promise<void> | undefined;
    const registered = async (): Promise<void> => {
      const operator = await registerCanaryKey(api, jump);
      edge.hub.log('info', 'canary.registered', { operator, key: jump.fingerprint });
    };
    return {
      ...edge,
      api,
      jump,
      web: wiring.webClient(),
      domain: wiring.domain(),
      /** Once a process; again when it failed. */
      registered: () => {
        registration ??= registered().catch((error: unknown) => {
          registration = undefined;
          throw error;
        });
        return registration;
      },
    };
  }),
  respond,
);
