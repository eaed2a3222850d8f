import { type ErrorCode, isErrorCode, SallyportError } from '../errors.ts';
import { rangeOf } from '../model/allow-list.ts';
import type { CloseReason } from '../model/close-reason.ts';
import type { Device } from '../model/device.ts';
import { decideAccess } from '../model/grant.ts';
import { newTunnelId } from '../model/ids.ts';
import type { SignIn } from '../model/operator.ts';
import { findService } from '../model/service.ts';
import { asOf, type Tunnel } from '../model/tunnel.ts';
import type { Devices } from '../ports/devices.ts';
import type { Once, OnceNote } from '../ports/once.ts';
import type { OperatorKeys } from '../ports/operator-keys.ts';
import type { PinSet } from '../ports/pins.ts';
import type { Timers } from '../ports/timers.ts';
import type { Tunnels } from '../ports/tunnels.ts';
import { tunnelRequestSchema } from '../wire/api.ts';
import type { JumpRequest } from '../wire/jump-request.ts';
import { openRequested, type RequestPorts, readRequestFacts } from './request-tunnel.ts';
import { lastSeen, sendOpen } from './send-open.ts';
import { watchTunnel } from './watch-tunnel.ts';

/** Longer than the index of tunnels may lag: whoever comes later finds the tunnel there. */
const lockMilliseconds = 15_000;
/** A refusal answers for so long without asking the device again. */
const refusalMilliseconds = 2_000;

export type JumpPorts = RequestPorts & {
  readonly devices: Pick<Devices, 'get' | 'getByLabel'>;
  readonly tunnels: Pick<Tunnels, 'get'>;
  readonly operatorKeys: Pick<OperatorKeys, 'signIn'>;
  readonly once: Once;
  readonly timers: Timers;
  /** A sign-in counts for so long. */
  readonly signInMilliseconds: number;
};

export type JumpWork = {
  readonly request: JumpRequest;
  readonly signIn: SignIn;
  readonly device: Device;
  /** By the monotonic clock. */
  readonly until: number;
};

type Read = Parameters<typeof openRequested>[2];

/** An address, or nothing: a router hands on what it was told. */
export const readableSource = (source: string): string | undefined => {
  try {
    rangeOf(source);
    return source;
  } catch {
    return undefined;
  }
};

/**
 * Finds the operator's living tunnel to this service of the device, or opens one under a lock: one opening at a time for
 * each device, service and operator, and everybody else waits for it.
 */
export const openOrReuse = async (ports: JumpPorts, work: JumpWork): Promise<string> => {
  const { signIn, device } = work;
  const [facts, pins] = await Promise.all([readRequestFacts(ports, signIn, device.id), ports.pins.current()]);
  const now = ports.clock.now();
  const service = findService(device.services, work.request.service)?.name;
  const id = newTunnelId(ports.random);
  const lock: OnceNote = {
    key: `jump:${device.id}:${service}:${signIn.id}`,
    value: id,
    endsAt: now + lockMilliseconds,
  };
  // Grants are asked again even for what lives or opens: the one that allowed it may have gone. What they refuse goes the
  // way of every request, which says why and records it.
  if (service === undefined || device.frozen || !decideAccess(facts.grants, device, service, now).allowed)
    return open(ports, work, { lock, facts, pins });
  const live = facts.ofOperator
    .map((row) => asOf(row, now))
    .find((row) => row.device === device.id && row.service === service && row.state !== 'closed');
  if (live !== undefined) return reuse(ports, work, { live, pins });
  const claim = await ports.once.claim(lock, now);
  if (claim.ok) return open(ports, work, { lock, facts, pins });
  const standing = claim.row ?? (await ports.once.get(lock.key, now));
  if (standing === undefined) throw new SallyportError('busy');
  throwRefusal(standing.value);
  return waitForOther(ports, lock.key, standing.value, work.until);
};

/** A device that lost its session may have been restarted and know of no tunnel: it is told again, under the same id. */
const reuse = async (
  ports: JumpPorts,
  { device, until }: JumpWork,
  { live, pins }: { readonly live: Tunnel; readonly pins: PinSet },
): Promise<string> => {
  if (live.state === 'interrupted') {
    const delivery = await sendOpen(ports, { tunnel: live, device, pins });
    if (delivery === 'offline') throw new SallyportError('device_offline', { extra: lastSeen(device) });
    if (delivery === 'silent') throw new SallyportError('device_silent', { extra: lastSeen(device) });
  }
  return waitForOpen(ports, live.id, until);
};

const open = async (
  ports: JumpPorts,
  { request, signIn, device, until }: JumpWork,
  opening: Read & { readonly lock: OnceNote },
): Promise<string> => {
  const { lock } = opening;
  const source = readableSource(request.source);
  const named = typeof request.service === 'number' ? { port: request.service } : { service: request.service };
  const ask = {
    operator: { id: signIn.id, groups: signIn.groups },
    device: device.id,
    request: tunnelRequestSchema.parse(named),
    origin: 'jump' as const,
    way: 'jump',
    source,
    defaultAllow: source === undefined ? [] : [rangeOf(source)],
    id: lock.value,
  };
  try {
    await openRequested(ports, ask, opening);
    return await waitForOpen(ports, lock.value, until);
  } catch (error) {
    const code = error instanceof SallyportError ? error.code : 'internal';
    const note = { ...lock, value: `${refusedMark}${code}`, endsAt: ports.clock.now() + refusalMilliseconds };
    // After a time-out the tunnel may still open, and the next one to ask waits for it in turn.
    if (code !== 'timeout') await ports.once.replace(note, lock.value).catch(() => false);
    throw error;
  }
};

/** Not in the alphabet of tunnel ids. */
const refusedMark = '!';
const throwRefusal = (value: string): void => {
  if (!value.startsWith(refusedMark)) return;
  const code = value.slice(refusedMark.length);
  throw new SallyportError(isErrorCode(code) ? code : 'internal');
};

/** Somebody else opens this very tunnel now; its row may not be there yet, and the note says when it never will be. */
const waitForOther = (ports: JumpPorts, key: string, id: string, until: number): Promise<string> =>
  waitForOpen(ports, id, until, async () => {
    const note = await ports.once.get(key, ports.clock.now());
    if (note === undefined) throw new SallyportError('busy');
    throwRefusal(note.value);
  });

const codeOf: Readonly<Partial<Record<CloseReason, ErrorCode>>> = {
  device_offline: 'device_offline',
  device_silent: 'device_silent',
  device_failed: 'device_failed',
};

const waitForOpen = async (
  ports: JumpPorts,
  id: string,
  until: number,
  onAbsent?: () => Promise<void>,
): Promise<string> => {
  const seen: Tunnel | undefined = await watchTunnel(ports, id, { until, ...(onAbsent && { onAbsent }) });
  if (seen?.state === 'open') return id;
  if (seen?.state === 'closed')
    throw new SallyportError(codeOf[seen.reason ?? 'expired'] ?? 'tunnel_closed', { detail: seen.detail });
  throw new SallyportError('timeout', { detail: 'the device has not opened the tunnel yet' });
};
