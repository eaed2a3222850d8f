import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { parseRange } from '../model/allow-list.ts';
import { decideAccess } from '../model/grant.ts';
import { type Operator, principalsOf } from '../model/operator.ts';
import { asOf, type Tunnel } from '../model/tunnel.ts';
import type { Changes } from '../ports/changes.ts';
import type { Devices } from '../ports/devices.ts';
import type { Grants } from '../ports/grants.ts';
import { type TunnelChange, ttl } from '../wire/api.ts';
import { type TunnelView, tunnelView } from '../wire/tunnel-view.ts';
import { changeTunnel } from './change-tunnel.ts';
import { requireEveryone } from './decide-request.ts';
import { type Asker, recordedTunnelFor } from './get-tunnel.ts';
import { recordChange } from './record-change.ts';
import type { LedgerPorts } from './take-tunnel.ts';

export type ChangePorts = LedgerPorts & {
  readonly grants: Pick<Grants, 'of'>;
  readonly devices: Pick<Devices, 'get'>;
  readonly changes: Pick<Changes, 'append'>;
  readonly hub: EventHub;
  readonly domain: string;
};

/**
 * Changes the allow list and the end of one's own tunnel, as far as the grants of now allow. A tunnel's whole life stays
 * within `maxSeconds` of a grant, however often its end is moved. Administrators may close others' tunnels, not change them.
 */
export const changeOwnTunnel = async (
  ports: ChangePorts,
  request: {
    readonly tunnel: string;
    readonly operator: Operator & Asker;
    readonly change: TunnelChange;
    readonly way: string;
    readonly source?: string | undefined;
  },
): Promise<TunnelView> => {
  const { hub, clock } = ports;
  const { operator, way, source } = request;
  const allow = request.change.allow?.map((range, index) => parseRange(range, `/allow/${index}`));
  const asked = { action: 'change', operator: operator.id, way, source };
  const row = asOf(await recordedTunnelFor(ports, request.tunnel, operator, asked), clock.now());
  if (row.operator !== operator.id)
    throw new SallyportError('forbidden', { detail: "only the tunnel's own operator changes it" });
  const { id: tunnel, device, service } = row;
  const entry = { ...asked, device, tunnel, service };
  const { ttlSeconds } = request.change;
  const endsAt = ttlSeconds === undefined ? undefined : clock.now() + ttlSeconds * 1_000;
  try {
    if (row.state === 'closed') throw new SallyportError('tunnel_closed');
    await requireGrant(ports, { row, operator, allow: allow ?? [], endsAt: endsAt ?? row.endsAt });
  } catch (error) {
    if (error instanceof SallyportError) hub.refused({ ...entry, code: error.code });
    throw error;
  }
  const facts = {
    ...(allow === undefined ? {} : { allow: allow.join(' ') }),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
  await recordChange(hub, { ...entry, facts });
  const changes = { ...(allow === undefined ? {} : { allow }), ...(endsAt === undefined ? {} : { endsAt }) };
  const outcome = await changeTunnel(ports, tunnel, changes);
  if (!outcome.ok) throw new SallyportError(outcome.code);
  await ports.changes.append({ kind: 'tunnel_changed', tunnel, device }, clock.now());
  return tunnelView(outcome.row, ports.domain, clock.now());
};

const requireGrant = async (
  ports: Pick<ChangePorts, 'grants' | 'devices' | 'clock'>,
  wanted: {
    readonly row: Tunnel;
    readonly operator: Operator;
    readonly allow: readonly string[];
    readonly endsAt: number;
  },
): Promise<void> => {
  const { row, operator, endsAt } = wanted;
  const [grants, device] = await Promise.all([ports.grants.of(principalsOf(operator)), ports.devices.get(row.device)]);
  if (device === undefined) throw new SallyportError('not_found');
  const access = decideAccess(grants, device, row.service, ports.clock.now());
  if (!access.allowed) throw new SallyportError(access.hidden ? 'not_found' : 'service_not_granted');
  const life = Math.min(access.maxSeconds, ttl.max) * 1_000;
  if (endsAt > row.endsAt && endsAt - row.createdAt > life)
    throw new SallyportError('not_granted', {
      pointer: '/ttlSeconds',
      detail: `a tunnel may live ${life / 1_000} seconds in all`,
    });
  requireEveryone(wanted.allow, access.everyone);
};
