import { logFailure } from './failure.ts';
import type { EdgePorts } from './http.ts';

/** A handler for events that are not HTTP requests. What it throws is logged and thrown on, so that Lambda tries again. */
export const eventHandler = <Ports extends EdgePorts, Event, Result>(
  connect: () => Ports,
  respond: (ports: Ports, event: Event) => Promise<Result>,
): ((event: Event) => Promise<Result>) => {
  let connected: Ports | undefined;
  return async (event) => {
    connected ??= connect();
    const { hub, flush } = connected;
    try {
      return await respond(connected, event);
    } catch (error) {
      logFailure(hub, error);
      throw error;
    } finally {
      await hub.settle();
      flush();
    }
  };
};
