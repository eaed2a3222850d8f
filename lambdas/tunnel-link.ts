import * as z from 'zod';
import { type MakeLinkPorts, makeLink } from '../core/use-cases/make-link.ts';
import { createSignInNotes, type SignInNotes } from '../core/use-cases/note-sign-in.ts';
import type { Call } from './edge/call.ts';
import { wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

export type Ports = EdgePorts & MakeLinkPorts & { readonly noteSignIn: SignInNotes };

const bodySchema = z.strictObject({});

/** `POST /v1/tunnels/{tunnel}/links` */
export const respond = async (ports: Ports, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  call.body(bodySchema);
  const request = { tunnel: call.path('tunnel'), operator: caller.id, way: wayOf(caller), source };
  // Before the link is: the router looks whether its operator is signed in.
  const [body] = await Promise.all([makeLink(ports, request), ports.noteSignIn(caller, caller.credential)]);
  return { status: 201, body };
};

export const handler = httpHandler(
  wiring.wire(() => {
    const edge = wiring.edge('tunnel-link', wiring.auditLog());
    return {
      ...edge,
      tunnels: wiring.tunnels(),
      links: wiring.links(),
      domain: wiring.domain(),
      https: wiring.https(),
      noteSignIn: createSignInNotes({ operatorKeys: wiring.operatorKeys(), hub: edge.hub }),
    };
  }),
  respond,
);
