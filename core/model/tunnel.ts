import type { CloseReason } from './close-reason.ts';
import type { Scheme } from './service.ts';

export type TunnelState = 'requested' | 'opening' | 'open' | 'interrupted' | 'closed';
/** How the request came. */
export type Origin = 'api' | 'mqtt' | 'jump';

/** The relay process that holds a tunnel now. */
export type Holder = { readonly serverId: string; readonly worker: number };

/** What an operator asked for. All times are milliseconds since the epoch. */
export type Tunnel = {
  readonly id: string;
  readonly device: string;
  readonly service: string;
  readonly scheme: Scheme;
  readonly operator: string;
  readonly origin: Origin;
  readonly state: TunnelState;
  readonly createdAt: number;
  /** The end of its life; every read compares it, for the row is deleted much later. */
  readonly endsAt: number;
  /** Seconds without a user connection after which the relay ends it; 0 is never. */
  readonly idleSeconds: number;
  /** CIDR ranges that may use ways in that carry no identity. Empty admits nobody there. */
  readonly allow: readonly string[];
  /** Asked for a port in the shared space. */
  readonly plainTcp: boolean;
  /** Raised by every take; the fence against relays that come late. 0 before the first. */
  readonly epoch: number;
  readonly holder?: Holder;
  /** Which take made this epoch, so that its maker knows its own. */
  readonly takeId?: string;
  /** The server id that the device itself said it dialled, over its own MQTT connection. */
  readonly confirmed?: string;
  /** The claim: the address that the operator got. Set by the first take and kept for life. */
  readonly port?: number;
  readonly space?: string;
  readonly interruptedAt?: number;
  readonly closedAt?: number;
  readonly reason?: CloseReason;
  /** What the device said of its failure; data, bounded and made harmless. */
  readonly detail?: string;
};

/** A device has this long from the request to the first forward. */
export const openingMilliseconds = 60_000;
/** An interrupted tunnel waits this long for its device to come back (DESIGN 4). */
export const interruptedMilliseconds = 5 * 60_000;
/** Ended tunnels stay readable for this long. */
export const keepMilliseconds = 30 * 24 * 3_600_000;

/** A request that was written twice because the answer got lost finds its own row: nobody else draws this id at that moment. */
export const isSameRequest = (row: Tunnel | undefined, tunnel: Tunnel): row is Tunnel =>
  row?.id === tunnel.id && row.operator === tunnel.operator && row.createdAt === tunnel.createdAt;

/** When the sweep must look at a tunnel, if nothing else ends it before. */
export const dueAt = (tunnel: Tunnel): number => {
  switch (tunnel.state) {
    case 'requested':
    case 'opening':
      return Math.min(tunnel.endsAt, tunnel.createdAt + openingMilliseconds);
    case 'interrupted':
      return Math.min(tunnel.endsAt, (tunnel.interruptedAt ?? tunnel.createdAt) + interruptedMilliseconds);
    default:
      return tunnel.endsAt;
  }
};

/**
 * Closed, or at its end by the clock, however late the sweep is. What a reader was told has ended must never live
 * again, so this counts the waits for a device too (`dueAt`), not only `endsAt`.
 */
export const hasEnded = (tunnel: Tunnel, now: number): boolean => tunnel.state === 'closed' || now >= dueAt(tunnel);

/** What a reader must believe now: a row that has ended is closed, whatever it still says. */
export const asOf = (tunnel: Tunnel, now: number): Tunnel => {
  if (tunnel.state === 'closed') return tunnel;
  const reason = overdueReason(tunnel, now);
  if (reason === undefined) return tunnel;
  const { holder: _holder, confirmed: _confirmed, ...rest } = tunnel;
  return { ...rest, state: 'closed', reason, closedAt: dueAt(tunnel) };
};

/** Why a tunnel has come to its end by the clock alone; undefined while it lives. */
export const overdueReason = (tunnel: Tunnel, now: number): CloseReason | undefined => {
  if (tunnel.state === 'closed') return tunnel.reason;
  if (now >= tunnel.endsAt) return 'expired';
  if (now < dueAt(tunnel)) return undefined;
  return tunnel.state === 'interrupted' ? 'interrupted' : 'unanswered';
};
