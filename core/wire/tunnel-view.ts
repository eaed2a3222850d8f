import { labelOf } from '../model/label.ts';
import { asOf, type Tunnel } from '../model/tunnel.ts';
import { sharedSpace } from '../names.ts';

/** A tunnel as the API and MQTT show it. Times are ISO 8601 in UTC. */
export type TunnelView = {
  readonly id: string;
  readonly device: string;
  readonly service: string;
  readonly scheme: string;
  readonly operator: string;
  readonly state: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly createdAt: string;
  readonly endsAt: string;
  readonly closedAt?: string;
  readonly idleSeconds: number;
  readonly allow: readonly string[];
  readonly epoch: number;
  readonly serverId?: string;
  readonly port?: number;
  readonly confirmed: boolean;
  /** Names by which the tunnel answers, the most lasting first. */
  readonly names: readonly string[];
};

const iso = (at: number) => new Date(at).toISOString();

export const tunnelView = (row: Tunnel, domain: string, now: number): TunnelView => {
  const tunnel = asOf(row, now);
  const names = [`t-${tunnel.id}.${domain}`, `${tunnel.service}--${labelOf(tunnel.device)}.${domain}`];
  if (tunnel.port !== undefined && tunnel.space !== undefined && tunnel.space !== sharedSpace)
    names.push(`${tunnel.space}.${domain}:${tunnel.port}`, `${tunnel.port}-${tunnel.space}.${domain}`);
  return {
    id: tunnel.id,
    device: tunnel.device,
    service: tunnel.service,
    scheme: tunnel.scheme,
    operator: tunnel.operator,
    state: tunnel.state,
    ...(tunnel.reason === undefined ? {} : { reason: tunnel.reason }),
    ...(tunnel.detail === undefined ? {} : { detail: tunnel.detail }),
    createdAt: iso(tunnel.createdAt),
    endsAt: iso(tunnel.endsAt),
    ...(tunnel.closedAt === undefined ? {} : { closedAt: iso(tunnel.closedAt) }),
    idleSeconds: tunnel.idleSeconds,
    allow: tunnel.allow,
    epoch: tunnel.epoch,
    ...(tunnel.holder === undefined ? {} : { serverId: tunnel.holder.serverId }),
    ...(tunnel.port === undefined ? {} : { port: tunnel.port }),
    confirmed: tunnel.holder !== undefined && tunnel.confirmed === tunnel.holder.serverId,
    names,
  };
};
