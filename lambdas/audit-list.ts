import * as z from 'zod';
import { deviceIdPattern, operatorIdPattern } from '../core/model/ids.ts';
import type { AuditReader } from '../core/ports/audit-log.ts';
import { pageSchema } from '../core/wire/api.ts';
import { auditView } from '../core/wire/audit-view.ts';
import type { Call } from './edge/call.ts';
import { requireAdministrator } from './edge/caller.ts';
import { type EdgePorts, httpHandler } from './edge/http.ts';
import type { Answer } from './edge/reply.ts';
import * as wiring from './wiring.ts';

const querySchema = pageSchema
  .extend({
    device: z.string().regex(deviceIdPattern, 'not a device id').optional(),
    operator: z.string().regex(operatorIdPattern, 'not an operator id').optional(),
  })
  .strict()
  .refine((query) => (query.device === undefined) !== (query.operator === undefined), {
    path: ['device'],
    message: 'name a device or an operator, one of the two',
  });

/** `GET /v1/audit?device=|operator=`, administrators only; newest first. */
export const respond = async (
  ports: EdgePorts & { readonly auditReader: Pick<AuditReader, 'byDevice' | 'byOperator'> },
  call: Call,
): Promise<Answer> => {
  requireAdministrator(call.caller);
  const { device, operator, ...page } = call.query(querySchema);
  const { rows, cursor } =
    device === undefined
      ? await ports.auditReader.byOperator(operator ?? '', page)
      : await ports.auditReader.byDevice(device, page);
  return { status: 200, body: { records: rows.map(auditView), ...(cursor === undefined ? {} : { cursor }) } };
};

export const handler = httpHandler(
  wiring.wire(() => ({
    ...wiring.edge('audit-list'),
    adminGroup: wiring.adminGroup(),
    auditReader: wiring.auditReader(),
  })),
  respond,
);
