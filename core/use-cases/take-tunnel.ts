import type { ErrorCode } from '../errors.ts';
import type { EventHub } from '../events.ts';
import { toBase32 } from '../model/base32.ts';
import { candidatePort, type PortClaim, portCount, restMilliseconds } from '../model/port-claim.ts';
import type { Take } from '../model/take.ts';
import { type Holder, hasEnded, type Tunnel } from '../model/tunnel.ts';
import { sharedSpace } from '../names.ts';
import type { Clock } from '../ports/clock.ts';
import type { PortClaims } from '../ports/port-claims.ts';
import type { Random } from '../ports/random.ts';
import type { Tunnels } from '../ports/tunnels.ts';

export type LedgerPorts = {
  readonly tunnels: Tunnels;
  readonly claims: PortClaims;
  readonly clock: Clock;
  /** Told of what failed without harm. */
  readonly hub?: Pick<EventHub, 'log'>;
};

export type Taken =
  | { readonly ok: true; readonly row: Tunnel }
  | {
      readonly ok: false;
      readonly code: Extract<ErrorCode, 'not_found' | 'tunnel_closed' | 'stale' | 'ports_exhausted' | 'conflict'>;
    };
type Refusal = Exclude<Taken, { ok: true }>;

/** In a space with seven of ten ports taken, where the alarm stands, all of these meet a taken one once in 90,000 times. */
export const claimTries = 32;
/** Each further try is because the tunnel's end moved between two statements. */
const takeTries = 4;

const refuse = (code: Refusal['code']): Refusal => ({ ok: false, code });

/**
 * A device's session asks for a tunnel: this relay becomes its holder, or learns why not. The first take claims a port,
 * in the relay's own space or in the shared one for plain TCP; later ones (takeovers) keep it. The epoch is the one read
 * at the start, so of several requests at once exactly one wins, and the others are `stale`.
 */
export const takeTunnel = async (
  ports: LedgerPorts & { readonly random: Random },
  request: { readonly tunnel: string; readonly device: string; readonly holder: Holder },
): Promise<Taken> => {
  const { tunnels, clock } = ports;
  let row: Tunnel | undefined = await tunnels.get(request.tunnel);
  if (row === undefined || row.device !== request.device) return refuse('not_found');
  const { epoch } = row;
  const isFirst = row.port === undefined;
  let claim: PortClaim | undefined;
  for (let attempt = 0; attempt < takeTries; attempt += 1) {
    if (row === undefined || hasEnded(row, clock.now())) break;
    const found = await claimFor(ports, row, { claim, holder: request.holder });
    if (typeof found === 'string') return refuse(found);
    claim = found;
    const take: Take = {
      tunnel: row.id,
      epoch,
      holder: request.holder,
      port: claim.port,
      space: claim.space,
      endsAt: row.endsAt,
      takeId: toBase32(ports.random.bytes(10)),
    };
    const result = await takeOnce(tunnels, take, clock.now());
    if (result.ok) return result;
    row = result.row;
    if (row?.epoch !== epoch) break;
  }
  if (isFirst && claim !== undefined) await releaseLost(ports, claim, row);
  if (row === undefined) return refuse('not_found');
  return refuse(hasEnded(row, clock.now()) ? 'tunnel_closed' : 'stale');
};

/** A write whose answer got lost may have been done: the row knows. */
const takeOnce = async (tunnels: Tunnels, take: Take, now: number) => {
  try {
    return await tunnels.take(take, now);
  } catch (error) {
    const row = await tunnels.get(take.tunnel);
    if (row?.takeId === take.takeId) return { ok: true, row } as const;
    throw error;
  }
};

/** The claim that covers the tunnel to its end and rest: the one it has, the one just made, or a new one. */
const claimFor = async (
  ports: LedgerPorts & { readonly random: Random },
  row: Tunnel,
  known: { readonly claim: PortClaim | undefined; readonly holder: Holder },
): Promise<PortClaim | Refusal['code']> => {
  const restUntil = row.endsAt + restMilliseconds;
  if (row.port !== undefined && row.space !== undefined) {
    const claim = await ports.claims.get(row.port, row.space);
    // A living tunnel's claim cannot have gone; if it has, the address may be somebody else's by now.
    if (claim?.tunnel !== row.id) return 'conflict';
    return claim.restUntil >= restUntil ? claim : extended(ports.claims, { ...claim, restUntil });
  }
  if (known.claim !== undefined) return extended(ports.claims, { ...known.claim, restUntil });
  const space = row.plainTcp ? sharedSpace : known.holder.serverId;
  const start = Buffer.from(ports.random.bytes(4)).readUInt32BE() % portCount;
  for (let attempt = 0; attempt < claimTries; attempt += 1) {
    const claim = { port: candidatePort(start, attempt), space, tunnel: row.id, restUntil };
    const outcome = await ports.claims.claim(claim, ports.clock.now());
    if (outcome.ok) return outcome.row;
  }
  return 'ports_exhausted';
};

const extended = async (claims: PortClaims, claim: PortClaim): Promise<PortClaim | 'conflict'> => {
  const outcome = await claims.extend(claim);
  return outcome.ok ? outcome.row : 'conflict';
};

/**
 * Gives a claim back only where nobody can have won with it or ever will: the tunnel is gone, closed, or lives under
 * another claim. Two requests of one device may stand behind one claim, and another relay's clock may be slower than
 * ours; in doubt the claim rests until its end.
 */
const releaseLost = async (ports: LedgerPorts, claim: PortClaim, row: Tunnel | undefined): Promise<void> => {
  const isNamed = row?.port === claim.port && row.space === claim.space;
  const isSettled = row === undefined || row.state === 'closed' || row.port !== undefined;
  if (isSettled && !isNamed) await ports.claims.release(claim.port, claim.space, claim.tunnel);
};
