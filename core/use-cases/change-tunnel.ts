import type { ErrorCode } from '../errors.ts';
import { restMilliseconds } from '../model/port-claim.ts';
import { hasEnded, type Tunnel } from '../model/tunnel.ts';
import { restClaim } from './release-tunnel.ts';
import type { LedgerPorts } from './take-tunnel.ts';

export type Changed =
  | { readonly ok: true; readonly row: Tunnel }
  | { readonly ok: false; readonly code: Extract<ErrorCode, 'not_found' | 'tunnel_closed' | 'conflict' | 'busy'> };

/** Each further try is because a relay took the tunnel between two statements. */
const tries = 5;

/**
 * Changes the allow list, the end, or both, while the tunnel lives. A later end is first written to the claim, so that
 * the port never rests less than it must; the row is then changed only at the epoch that was read, for a take may just
 * have given it its claim.
 */
export const changeTunnel = async (
  ports: LedgerPorts,
  tunnel: string,
  changes: { readonly allow?: readonly string[]; readonly endsAt?: number },
): Promise<Changed> => {
  const { tunnels, claims, clock } = ports;
  let row = await tunnels.get(tunnel);
  for (let attempt = 0; attempt < tries; attempt += 1) {
    if (row === undefined) return { ok: false, code: 'not_found' };
    if (hasEnded(row, clock.now())) {
      // The claim may have been extended after the close let it rest.
      if (attempt > 0) await restClaim(ports, row).catch(() => undefined);
      return { ok: false, code: 'tunnel_closed' };
    }
    const { port, space, epoch } = row;
    if (changes.endsAt !== undefined && changes.endsAt > row.endsAt && port !== undefined && space !== undefined) {
      const rest = await claims.extend({ port, space, tunnel, restUntil: changes.endsAt + restMilliseconds });
      if (!rest.ok) return { ok: false, code: 'conflict' };
    }
    const outcome = await tunnels.change(tunnel, changes, clock.now(), epoch);
    if (outcome.ok) return outcome;
    row = outcome.row;
  }
  return { ok: false, code: 'busy' };
};

/** A new end alone. Milliseconds since the epoch. */
export const extendTunnel = (ports: LedgerPorts, tunnel: string, endsAt: number): Promise<Changed> =>
  changeTunnel(ports, tunnel, { endsAt });
