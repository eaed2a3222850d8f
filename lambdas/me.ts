import { SallyportError } from '../core/errors.ts';
import type { OperatorKeys } from '../core/ports/operator-keys.ts';
import { createSignInNotes, type SignInNotes } from '../core/use-cases/note-sign-in.ts';
import { type KeyPorts, makeChallenge, registerKey, removeKey } from '../core/use-cases/operator-keys.ts';
import { keyRegistrationSchema } from '../core/wire/api.ts';
import { keyView } from '../core/wire/key-view.ts';
import type { Call } from './edge/call.ts';
import { wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

export type Ports = EdgePorts &
  KeyPorts & { readonly operatorKeys: Pick<OperatorKeys, 'list'>; readonly noteSignIn: SignInNotes };

/** `/v1/me`: who the caller is, and the keys for `ssh -J`. Asking notes the sign-in, without which keys do nothing. */
export const respond = async (ports: Ports, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  const { id: operator } = caller;
  const asking = { operator, way: wayOf(caller), source };
  await ports.noteSignIn(caller, caller.credential);
  switch (call.route) {
    case 'GET /v1/me':
      return { status: 200, body: meView(caller) };
    case 'GET /v1/me/keys':
      return { status: 200, body: { keys: (await ports.operatorKeys.list(operator)).map(keyView) } };
    case 'POST /v1/me/keys/challenges':
      return { status: 201, body: await makeChallenge(ports, operator) };
    case 'POST /v1/me/keys':
      return { status: 201, body: keyView(await registerKey(ports, asking, call.body(keyRegistrationSchema))) };
    case 'DELETE /v1/me/keys/{fingerprint}':
      await removeKey(ports, asking, call.path('fingerprint'));
      return { status: 204 };
    default:
      throw new SallyportError('method_not_allowed');
  }
};

const meView = ({ id, groups, administrator, at }: Call['caller']) => ({
  operator: id,
  groups,
  administrator,
  signedInAt: new Date(at).toISOString(),
});

export const handler = httpHandler(
  wiring.wire(() => {
    const edge = wiring.edge('me', wiring.auditLog());
    const operatorKeys = wiring.operatorKeys();
    return {
      ...edge,
      adminGroup: wiring.adminGroup(),
      operatorKeys,
      once: wiring.once(),
      changes: wiring.changes(),
      sshKeys: wiring.sshKeys(),
      noteSignIn: createSignInNotes({ operatorKeys, hub: edge.hub }),
    };
  }),
  respond,
);
