import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SallyportError } from '../../core/errors.ts';
import type { EventHub } from '../../core/events.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { type Call, callOf } from './call.ts';
import { wayOf } from './caller.ts';
import { logFailure } from './failure.ts';
import { type Answer, problemReply, replyOf } from './reply.ts';

/** What every handler needs, whatever it does. */
export type EdgePorts = {
  readonly hub: EventHub;
  readonly clock: Clock;
  /** Members are administrators; absent where that makes no difference. */
  readonly adminGroup?: string;
  /** Whether the function may write audit records. */
  readonly audited: boolean;
  /** Writes out the metrics of one invocation. */
  readonly flush: () => void;
};

export type HttpHandler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/**
 * An HTTP API handler: reads the event, responds, and turns every refusal into problem+json. Connects at the first call
 * and keeps what it connected. Audit records under way are settled before it answers, for the process is then frozen.
 */
export const httpHandler = <Ports extends EdgePorts>(
  connect: () => Ports,
  respond: (ports: Ports, call: Call) => Promise<Answer>,
): HttpHandler => {
  let connected: Ports | undefined;
  return async (event) => {
    connected ??= connect();
    const { hub, clock, adminGroup, flush } = connected;
    const started = clock.monotonic();
    let reply: APIGatewayProxyStructuredResultV2;
    let call: Call | undefined;
    try {
      call = callOf(event, { adminGroup, now: clock.now() });
      reply = replyOf(await respond(connected, call));
    } catch (error) {
      logFailure(hub, error);
      if (call !== undefined && error instanceof SallyportError && error.code === 'forbidden')
        noteForbidden(connected, call);
      reply = problemReply(error);
    }
    await hub.settle();
    hub.metrics.count('api_requests', 1, { status: String(reply.statusCode) });
    hub.metrics.observe('api_milliseconds', clock.monotonic() - started);
    flush();
    return reply;
  };
};

/** The use cases record what they refuse; this is what nobody but an administrator may even ask. */
const noteForbidden = ({ hub, audited }: EdgePorts, { caller, route, rawPath, source }: Call): void => {
  const entry = { action: route, code: 'forbidden', operator: caller.id, way: wayOf(caller), source };
  if (audited) hub.refused({ ...entry, facts: { path: rawPath } });
  else hub.log('warn', 'request.forbidden', entry);
};
