import { type WatchPorts, watchSubject } from '../core/use-cases/watch-subject.ts';
import { watchSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { requireAdministrator, wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

/** `POST /v1/watches` */
export const respond = async (ports: EdgePorts & WatchPorts, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  requireAdministrator(caller);
  const asking = { operator: caller.id, way: wayOf(caller), source };
  return { status: 201, body: await watchSubject(ports, asking, call.body(watchSchema)) };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('watch', wiring.auditLog()),
    adminGroup: wiring.adminGroup(),
    changes: wiring.changes(),
  })),
  respond,
);
