import type { CloseReason } from '../core/model/close-reason.ts';
import type { Tunnel } from '../core/model/tunnel.ts';
import type { Outcome } from '../core/ports/outcome.ts';
import type { Random } from '../core/ports/random.ts';
import { endTunnel, interruptTunnel } from '../core/use-cases/release-tunnel.ts';
import { type LedgerPorts, type Taken, takeTunnel } from '../core/use-cases/take-tunnel.ts';

/** The ledger as one worker of one relay uses it. */
export const createLedger = (
  ports: LedgerPorts & { readonly random: Random },
  holder: { readonly serverId: string; readonly worker: number },
) => ({
  take: (request: { readonly tunnel: string; readonly device: string }): Promise<Taken> =>
    takeTunnel(ports, { ...request, holder }),
  interrupt: (tunnel: string, epoch: number): Promise<Outcome<Tunnel>> => interruptTunnel(ports, tunnel, epoch),
  /** Closes it if this relay still holds it at that epoch. */
  end: (tunnel: string, reason: CloseReason, atEpoch: number): Promise<Outcome<Tunnel>> =>
    endTunnel(ports, tunnel, reason, { atEpoch }),
});
export type Ledger = ReturnType<typeof createLedger>;
