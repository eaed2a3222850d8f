import type { EventHub } from '../events.ts';
import type { CloseReason } from '../model/close-reason.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { Changes } from '../ports/changes.ts';
import type { Outcome } from '../ports/outcome.ts';
import { endTunnel } from './release-tunnel.ts';
import type { LedgerPorts } from './take-tunnel.ts';

export type EndPorts = LedgerPorts & { readonly changes: Pick<Changes, 'append'>; readonly hub: EventHub };

/** Closes a tunnel; the winner tells the relays and routers that hold its streams, and the audit log. */
export const closeAndTell = async (
  ports: EndPorts,
  tunnel: Pick<Tunnel, 'id' | 'device' | 'operator' | 'service'>,
  reason: CloseReason,
  options: { readonly atEpoch?: number; readonly detail?: string; readonly way: string },
): Promise<Outcome<Tunnel>> => {
  const { way, ...fence } = options;
  const outcome = await endTunnel(ports, tunnel.id, reason, fence);
  if (!outcome.ok) return outcome;
  const { device } = tunnel;
  await ports.changes.append({ kind: 'tunnel_closed', tunnel: tunnel.id, device, reason }, ports.clock.now());
  ports.hub.metrics.count('tunnels_closed', 1, { reason });
  ports.hub.ended({
    action: 'tunnel',
    tunnel: tunnel.id,
    device,
    operator: tunnel.operator,
    service: tunnel.service,
    way,
    code: reason,
    ...(options.detail === undefined ? {} : { facts: { detail: options.detail } }),
  });
  return outcome;
};
