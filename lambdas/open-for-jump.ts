import { SallyportError } from '../core/errors.ts';
import type { JumpPorts } from '../core/use-cases/jump-opening.ts';
import { openForJump } from '../core/use-cases/open-for-jump.ts';
import { type JumpAnswer, jumpRequestSchema } from '../core/wire/jump-request.ts';
import { parse } from '../core/wire/parse.ts';
import { eventHandler } from './edge/event.ts';
import { logFailure } from './edge/failure.ts';
import type { EdgePorts } from './edge/http.ts';
import * as wiring from './wiring.ts';

/** Invoked by routers. A refusal is an answer, for the router passes it on to somebody's SSH client. */
export const respond = async (ports: EdgePorts & JumpPorts, event: unknown): Promise<JumpAnswer> => {
  const started = ports.clock.monotonic();
  try {
    const tunnel = await openForJump(ports, parse(jumpRequestSchema, event));
    ports.hub.metrics.observe('jump_milliseconds', ports.clock.monotonic() - started);
    return { ok: true, tunnel };
  } catch (error) {
    logFailure(ports.hub, error);
    const known = error instanceof SallyportError ? error : new SallyportError('internal');
    ports.hub.metrics.count('jump_refusals', 1, { code: known.code });
    return { ok: false, code: known.code, ...(known.detail === undefined ? {} : { detail: known.detail }) };
  }
};

export const handler = eventHandler(
  wiring.wire(() => ({
    ...wiring.edge('open-for-jump', wiring.auditLog()),
    ...wiring.opening(),
    operatorKeys: wiring.operatorKeys(),
    signInMilliseconds: wiring.signInMilliseconds(),
  })),
  respond,
);
