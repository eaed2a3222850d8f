import type { ErrorCode } from '../errors.ts';
import type { Device } from './device.ts';
import { decideAccess, type Grant } from './grant.ts';
import type { Operator } from './operator.ts';
import { hasEnded, type Tunnel } from './tunnel.ts';

export type Entry =
  | { readonly ok: true; readonly grants: readonly string[] }
  | { readonly ok: false; readonly code: ErrorCode };

/**
 * May this operator connect through this tunnel now? Only who asked for it, and only while a grant still says so: the
 * answer at the request does not carry over. Whoever may not even know of it gets "not found".
 */
export const decideEntry = (facts: {
  readonly operator: Operator;
  readonly tunnel: Tunnel | undefined;
  readonly device: Device | undefined;
  readonly grants: readonly Grant[];
  readonly now: number;
}): Entry => {
  const { operator, tunnel, device, grants, now } = facts;
  if (tunnel === undefined || device === undefined || tunnel.operator !== operator.id || tunnel.device !== device.id)
    return { ok: false, code: 'not_found' };
  const access = decideAccess(grants, device, tunnel.service, now);
  if (!access.allowed) return { ok: false, code: access.hidden ? 'not_found' : 'service_not_granted' };
  if (hasEnded(tunnel, now)) return { ok: false, code: 'tunnel_closed' };
  if (device.frozen) return { ok: false, code: 'device_frozen' };
  return { ok: true, grants: access.grants };
};
