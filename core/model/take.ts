import { type Holder, hasEnded, type Tunnel } from './tunnel.ts';

/**
 * Taking a tunnel: the one write by which a relay becomes its holder. The tunnel row is the only fence; the claim that
 * was put before names no relay.
 */
export type Take = {
  readonly tunnel: string;
  /** The epoch that was read when the device's request came. */
  readonly epoch: number;
  readonly holder: Holder;
  /** The claim to write when the tunnel has none yet; otherwise the one that it has. */
  readonly port: number;
  readonly space: string;
  /** The end that the claim was made for: a tunnel that was meanwhile given a later one is not taken under this claim. */
  readonly endsAt: number;
  /** Unique for each take: whoever finds it in the row has won, even if the answer got lost. */
  readonly takeId: string;
};

export const mayTake = (row: Tunnel | undefined, take: Take, now: number): row is Tunnel =>
  row !== undefined &&
  !hasEnded(row, now) &&
  row.epoch === take.epoch &&
  row.endsAt <= take.endsAt &&
  (row.port === undefined || (row.port === take.port && row.space === take.space));

export const taken = (row: Tunnel, take: Take): Tunnel => {
  const { confirmed: _confirmed, interruptedAt: _interruptedAt, ...rest } = row;
  const { holder, port, space, takeId } = take;
  return { ...rest, state: 'open', holder, epoch: row.epoch + 1, port, space, takeId };
};

/** The session behind a forward has gone: the holder is cleared, at that epoch only. */
export const mayInterrupt = (row: Tunnel | undefined, epoch: number): row is Tunnel =>
  row !== undefined && row.state === 'open' && row.epoch === epoch;

export const interrupted = (row: Tunnel, now: number): Tunnel => {
  const { holder: _holder, confirmed: _confirmed, ...rest } = row;
  return { ...rest, state: 'interrupted', interruptedAt: now };
};

/** The device said over its own connection that it dialled this relay. */
export const mayConfirm = (row: Tunnel | undefined, device: string, serverId: string, now: number): row is Tunnel =>
  row !== undefined &&
  row.device === device &&
  row.state === 'open' &&
  !hasEnded(row, now) &&
  row.holder?.serverId === serverId;
