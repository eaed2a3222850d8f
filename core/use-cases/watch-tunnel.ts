import type { Tunnel } from '../model/tunnel.ts';
import { asOf } from '../model/tunnel.ts';
import type { Clock } from '../ports/clock.ts';
import type { Timers } from '../ports/timers.ts';
import type { Tunnels } from '../ports/tunnels.ts';

/** A device answers in tens of milliseconds or not for long: 10 ms at first, then longer, at most 1 s. About 45 reads in 20 s. */
const first = 10;
const longest = 1_000;
const growth = 1.25;
/** So many short steps before they grow: they cover the usual time of an opening. */
const shortSteps = 8;

export const pause = (timers: Timers, milliseconds: number): Promise<void> =>
  new Promise((resolve) => void timers.schedule(milliseconds, resolve));

/** Whether there is nothing left to wait for. */
export const isSettled = (tunnel: Tunnel): boolean => tunnel.state === 'open' || tunnel.state === 'closed';

/**
 * Reads the row until it is open or closed, or the deadline (by the monotonic clock) has come; answers the last reading.
 * `undefined` while there is no such row: `onAbsent` may end the wait by throwing.
 */
export const watchTunnel = async (
  ports: { readonly tunnels: Pick<Tunnels, 'get'>; readonly clock: Clock; readonly timers: Timers },
  id: string,
  options: { readonly until: number; readonly onAbsent?: () => Promise<void> },
): Promise<Tunnel | undefined> => {
  const { clock, timers } = ports;
  let step: number = first;
  for (let steps = 1; ; steps += 1) {
    const row = await ports.tunnels.get(id);
    const tunnel = row === undefined ? undefined : asOf(row, clock.now());
    if (tunnel === undefined) await options.onAbsent?.();
    const left = options.until - clock.monotonic();
    if (left <= 0 || (tunnel !== undefined && isSettled(tunnel))) return tunnel;
    await pause(timers, Math.min(step, left));
    if (steps >= shortSteps) step = Math.min(longest, step * growth);
  }
};
