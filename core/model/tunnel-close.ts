import type { CloseReason } from './close-reason.ts';
import { dueAt, hasEnded, type Tunnel } from './tunnel.ts';

/** What else must hold for a close, beside that the tunnel is not closed yet. */
export type CloseFence = {
  /** The epoch that the writer saw: a relay or the sweep closes nothing that another relay took since. */
  readonly atEpoch?: number;
  /** The tunnel's time must still have come: it may have been extended since the writer looked. */
  readonly whenDue?: boolean;
};

export const mayClose = (row: Tunnel | undefined, fence: CloseFence, now: number): row is Tunnel =>
  row !== undefined &&
  row.state !== 'closed' &&
  (fence.atEpoch === undefined || row.epoch === fence.atEpoch) &&
  (fence.whenDue !== true || now >= dueAt(row));

export const closed = (row: Tunnel, reason: CloseReason, now: number, detail?: string): Tunnel => {
  const { holder: _holder, confirmed: _confirmed, ...rest } = row;
  return { ...rest, state: 'closed', reason, closedAt: now, ...(detail === undefined ? {} : { detail }) };
};

/** A close that was repeated because its answer got lost finds its own. */
export const isSameClose = (row: Tunnel | undefined, reason: CloseReason, now: number): row is Tunnel =>
  row?.state === 'closed' && row.reason === reason && row.closedAt === now;

/** These ends come by the clock alone, so they need `whenDue`. */
export const isByClock = (reason: CloseReason): boolean =>
  reason === 'expired' || reason === 'unanswered' || reason === 'interrupted';

/** The allow list and the end may change while the tunnel lives. */
export const mayChange = (row: Tunnel | undefined, now: number, atEpoch?: number): row is Tunnel =>
  row !== undefined && !hasEnded(row, now) && (atEpoch === undefined || row.epoch === atEpoch);
