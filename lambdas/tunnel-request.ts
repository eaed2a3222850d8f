import { rangeOf } from '../core/model/allow-list.ts';
import type { Once } from '../core/ports/once.ts';
import { createSignInNotes, type SignInNotes } from '../core/use-cases/note-sign-in.ts';
import { type RequestPorts, requestTunnel } from '../core/use-cases/request-tunnel.ts';
import { runOnce } from '../core/use-cases/run-once.ts';
import { tunnelRequestSchema } from '../core/wire/api.ts';
import type { Call } from './edge/call.ts';
import { wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

export type Ports = EdgePorts & RequestPorts & { readonly once: Once; readonly noteSignIn: SignInNotes };

/** `POST /v1/devices/{device}/tunnels` */
export const respond = async (ports: Ports, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  const request = call.body(tunnelRequestSchema);
  const role = caller.credential === 'role';
  const ask = {
    operator: caller,
    device: call.path('device'),
    request,
    origin: 'api' as const,
    way: wayOf(caller),
    source,
    // A role's requests come from wherever a script runs, which says nothing of where its users are.
    defaultAllow: role || source === undefined ? [] : [rangeOf(source)],
  };
  const work = async () => ({ status: 201, body: await requestTunnel(ports, ask) });
  const { idempotencyKey: key } = call;
  const [answer] = await Promise.all([
    key === undefined
      ? work()
      : runOnce(ports, { operator: caller.id, path: `${ask.device}/tunnels`, key, body: call.json() }, work),
    ports.noteSignIn(caller, caller.credential),
  ]);
  return answer;
};

export const handler = httpHandler(
  wiring.wire(() => {
    const edge = wiring.edge('tunnel-request', wiring.auditLog());
    return {
      ...edge,
      ...wiring.opening(),
      adminGroup: wiring.adminGroup(),
      noteSignIn: createSignInNotes({ operatorKeys: wiring.operatorKeys(), hub: edge.hub }),
    };
  }),
  respond,
);
