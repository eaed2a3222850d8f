import type { DeviceSession } from './session.ts';

/** A tunnel that this process holds at an epoch, and the streams in it. */
export type Forward = {
  readonly tunnel: string;
  readonly device: string;
  readonly service: string;
  readonly operator: string;
  readonly epoch: number;
  readonly session: DeviceSession;
  /** The pair in every `forwarded-tcpip`: what the client asked for, port 0 replaced by the one it was given. */
  readonly wireAddress: string;
  readonly wirePort: number;
  readonly idleSeconds: number;
  /** Milliseconds since the epoch; moves when the operator changes it. */
  endsAt: number;
  /** When the last stream ended, or when it was opened if none came; the idle limit counts from here. */
  lastUsedAt: number;
  readonly streams: Set<Stream>;
};

/** One user connection in a forward. */
export type Stream = { readonly operator: string; destroy(reason: string): void };

/** When the relay must look at a forward again: its end, or the end of its idle limit, whichever comes first. */
export const nextLook = (forward: Forward): number =>
  forward.idleSeconds === 0 || forward.streams.size > 0
    ? forward.endsAt
    : Math.min(forward.endsAt, forward.lastUsedAt + forward.idleSeconds * 1_000);

export const overdue = (forward: Forward, now: number): 'expired' | 'idle' | undefined => {
  if (now >= forward.endsAt) return 'expired';
  return now >= nextLook(forward) ? 'idle' : undefined;
};
