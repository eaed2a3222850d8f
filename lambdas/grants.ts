import { SallyportError } from '../core/errors.ts';
import type { Grants } from '../core/ports/grants.ts';
import { type GrantPorts, makeGrant, removeGrant } from '../core/use-cases/manage-grants.ts';
import { grantSchema, pageSchema } from '../core/wire/api.ts';
import { grantView } from '../core/wire/grant-view.ts';
import type { Call } from './edge/call.ts';
import { requireAdministrator, wayOf } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

const querySchema = pageSchema.extend({ principal: grantSchema.shape.principal }).strict();

export type Ports = EdgePorts & GrantPorts & { readonly grants: Pick<Grants, 'list'> };

/** `/v1/grants`, administrators only. Grants are listed by principal. */
export const respond = async (ports: Ports, call: Call): Promise<Answer> => {
  const { caller, source } = call;
  requireAdministrator(caller);
  const asking = { administrator: caller.id, way: wayOf(caller), source };
  switch (call.route) {
    case 'GET /v1/grants': {
      const { principal, ...page } = call.query(querySchema);
      const { rows, cursor } = await ports.grants.list(principal, page);
      return { status: 200, body: { grants: rows.map(grantView), ...(cursor === undefined ? {} : { cursor }) } };
    }
    case 'POST /v1/grants': {
      const given = { request: call.body(grantSchema), idempotencyKey: call.idempotencyKey };
      return { status: 201, body: await makeGrant(ports, asking, given) };
    }
    case 'DELETE /v1/grants/{principal}/{id}':
      await removeGrant(ports, asking, { principal: call.path('principal'), id: call.path('id') });
      return { status: 204 };
    default:
      throw new SallyportError('method_not_allowed');
  }
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('grants', wiring.auditLog()),
    adminGroup: wiring.adminGroup(),
    grants: wiring.grants(),
    changes: wiring.changes(),
  })),
  respond,
);
