import type { CloseReason } from '../model/close-reason.ts';
import { restMilliseconds } from '../model/port-claim.ts';
import type { Tunnel } from '../model/tunnel.ts';
import { isByClock } from '../model/tunnel-close.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { LedgerPorts } from './take-tunnel.ts';

/** The session behind a forward has gone: the tunnel waits for its device, unless somebody took it since that epoch. */
export const interruptTunnel = (
  ports: Pick<LedgerPorts, 'tunnels' | 'clock'>,
  tunnel: string,
  epoch: number,
): Promise<Outcome<Tunnel>> => ports.tunnels.interrupt(tunnel, epoch, ports.clock.now());

/**
 * Closes a tunnel, for good, and lets its port rest from now. Lost when it is closed already, was taken since `atEpoch`,
 * or, for a reason of the clock, was given a later end. Who closes tells `Changes` and the audit log, and only the winner.
 */
export const endTunnel = async (
  ports: LedgerPorts,
  tunnel: string,
  reason: CloseReason,
  options: { readonly atEpoch?: number; readonly detail?: string } = {},
): Promise<Outcome<Tunnel>> => {
  const now = ports.clock.now();
  const outcome = await ports.tunnels.close(tunnel, reason, { ...options, now, whenDue: isByClock(reason) });
  if (outcome.ok)
    await restClaim(ports, outcome.row).catch((error: unknown) =>
      ports.hub?.log('warn', 'claim.unrested', { tunnel, error: error instanceof Error ? error.name : 'unknown' }),
    );
  return outcome;
};

/** After the close, so that it may be earlier. Where this fails the claim rests until the end it was made for: safe. */
export const restClaim = async (ports: Pick<LedgerPorts, 'claims'>, row: Tunnel): Promise<void> => {
  const { id: tunnel, port, space, closedAt } = row;
  if (port === undefined || space === undefined || closedAt === undefined) return;
  await ports.claims.rest({ port, space, tunnel, restUntil: closedAt + restMilliseconds });
};
