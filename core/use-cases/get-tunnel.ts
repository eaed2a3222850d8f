import { SallyportError } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { toBase32 } from '../model/base32.ts';
import { tunnelIdPattern } from '../model/ids.ts';
import { asOf, type Tunnel } from '../model/tunnel.ts';
import type { Clock } from '../ports/clock.ts';
import type { Once, OnceNote } from '../ports/once.ts';
import type { Random } from '../ports/random.ts';
import type { Timers } from '../ports/timers.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import { type TunnelView, tunnelView } from '../wire/tunnel-view.ts';
import { isSettled, watchTunnel } from './watch-tunnel.ts';

/** Requests that wait hold a function: so many at once for one operator. */
export const waitSlots = 4;

export type GetTunnelPorts = {
  readonly tunnels: Pick<Tunnels, 'get'>;
  readonly once: Pick<Once, 'claim' | 'spend'>;
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly domain: string;
};

/** One who asks for a tunnel: its operator, or an administrator. */
export type Asker = { readonly id: string; readonly administrator: boolean };

/** The tunnel, if it is this operator's to see. Others get `not_found`: an id proves nothing and tells nothing. */
export const tunnelFor = async (tunnels: Pick<Tunnels, 'get'>, id: string, asker: Asker): Promise<Tunnel> => {
  if (!tunnelIdPattern.test(id))
    throw new SallyportError('invalid_request', { pointer: '/tunnel', detail: 'not a tunnel id' });
  const row = await tunnels.get(id);
  if (row === undefined || (row.operator !== asker.id && !asker.administrator)) throw new SallyportError('not_found');
  return row;
};

/** The same for whoever wants to change it: an attempt at a tunnel that is not theirs leaves a record. */
export const recordedTunnelFor = async (
  ports: Pick<GetTunnelPorts, 'hub'> & { readonly tunnels: Pick<Tunnels, 'get'> },
  id: string,
  asker: Asker,
  entry: Omit<Parameters<EventHub['refused']>[0], 'code'>,
): Promise<Tunnel> => {
  try {
    return await tunnelFor(ports.tunnels, id, asker);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'not_found')
      ports.hub.refused({ ...entry, tunnel: id, code: error.code });
    throw error;
  }
};

/** Shows a tunnel; with `waitSeconds`, answers when it is open or closed, or that time has passed. */
export const getTunnel = async (
  ports: GetTunnelPorts,
  request: { readonly tunnel: string; readonly asker: Asker; readonly waitSeconds: number },
): Promise<TunnelView> => {
  const { tunnels, clock, hub, domain } = ports;
  const until = clock.monotonic() + request.waitSeconds * 1_000;
  const row = asOf(await tunnelFor(tunnels, request.tunnel, request.asker), clock.now());
  if (request.waitSeconds === 0 || isSettled(row)) return tunnelView(row, domain, clock.now());

  // The slot is taken while the first looks go on, for most tunnels open within a few of them.
  let refused: SallyportError | undefined;
  const slot = claimSlot(ports, request).catch((error: unknown) => {
    refused = error instanceof SallyportError ? error : new SallyportError('unavailable', { cause: error });
    // The tunnel may open before anybody is told: then this line is all that there is of it.
    if (refused.code !== 'too_many_waits') hub.log('warn', 'wait.slot-unclaimed', { error: refused.code });
    return undefined;
  });
  const seen = await watchTunnel(ports, request.tunnel, { until: Math.min(until, clock.monotonic() + 20) });
  const note = await slot;
  try {
    if (seen !== undefined && isSettled(seen)) return tunnelView(seen, domain, clock.now());
    if (refused !== undefined) throw refused;
    const last = await watchTunnel(ports, request.tunnel, { until });
    return tunnelView(last ?? row, domain, clock.now());
  } finally {
    // A slot that is not given back ends by itself a second after the wait.
    if (note !== undefined)
      await ports.once.spend(note.key, note.value, clock.now()).catch((error: unknown) => {
        hub.log('warn', 'wait.slot-kept', { error: error instanceof Error ? error.name : 'unknown' });
      });
  }
};

const claimSlot = async (
  ports: GetTunnelPorts,
  request: { readonly asker: Asker; readonly waitSeconds: number },
): Promise<OnceNote> => {
  const now = ports.clock.now();
  const start = ports.random.bytes(1)[0] ?? 0;
  for (let attempt = 0; attempt < waitSlots; attempt += 1) {
    const note = {
      key: `wait:${request.asker.id}:${(start + attempt) % waitSlots}`,
      value: toBase32(ports.random.bytes(10)),
      endsAt: now + (request.waitSeconds + 1) * 1_000,
    };
    if ((await ports.once.claim(note, now)).ok) return note;
  }
  throw new SallyportError('too_many_waits');
};
