import type { EventHub } from '../core/events.ts';
import type { CloseReason } from '../core/model/close-reason.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Tunnels } from '../core/ports/tunnels.ts';
import type { RelayLimits } from './config.ts';
import type { Forward } from './forward.ts';
import type { Forwards } from './forwards.ts';
import type { Ledger } from './ledger.ts';
import type { DeviceSession, ForwardAnswer, ForwardRequest } from './session.ts';

/** Takes tunnels for sessions, keeps them while both live, and lets go of them with the right word. */
export const createTunnelKeeper = (options: {
  readonly serverId: string;
  readonly forwards: Forwards;
  readonly ledger: Ledger;
  readonly tunnels: Tunnels;
  readonly limits: RelayLimits;
  readonly clock: Clock;
  readonly hub: EventHub;
  readonly mayTake: () => boolean;
  /** The expiry clock: called for each forward that began or changed. */
  readonly watch: (forward: Forward) => void;
}) => {
  const { forwards, ledger, hub, clock } = options;

  const refuse = (session: DeviceSession, request: ForwardRequest, code: string): ForwardAnswer => {
    hub.refused({
      action: 'forward',
      code,
      device: session.device,
      way: 'relay',
      source: session.source,
      facts: { bindAddress: request.bindAddress, bindPort: request.bindPort },
    });
    return { accept: false };
  };

  /** DESIGN 2.3: the key is this device's (the login saw to it), the tunnel is this device's, and alive. */
  const request = async (session: DeviceSession, wanted: ForwardRequest, held: number): Promise<ForwardAnswer> => {
    if (!options.mayTake()) return refuse(session, wanted, 'busy');
    if (held >= options.limits.forwardsPerSession) return refuse(session, wanted, 'quota_exceeded');
    hub.debug('forward.wanted', [session.device], { tunnel: wanted.bindAddress, port: wanted.bindPort, held });
    const taken = await ledger.take({ tunnel: wanted.bindAddress, device: session.device });
    if (!taken.ok) return refuse(session, wanted, taken.code);
    const { row } = taken;
    const forward: Forward = {
      tunnel: row.id,
      device: row.device,
      service: row.service,
      operator: row.operator,
      epoch: row.epoch,
      session,
      wireAddress: wanted.bindAddress,
      wirePort: wanted.bindPort === 0 ? (row.port ?? 0) : wanted.bindPort,
      idleSeconds: row.idleSeconds,
      endsAt: row.endsAt,
      lastUsedAt: clock.now(),
      streams: new Set(),
    };
    // The session may have gone while the row was written: then nobody would ever let go of it.
    if (!forwards.isOpen(session) || !forwards.add(forward)) {
      await ledger.interrupt(row.id, row.epoch);
      return { accept: false };
    }
    try {
      await hub.allowed({
        ...named(forward),
        action: 'forward',
        source: session.source,
        facts: { port: row.port ?? 0 },
      });
    } catch (cause) {
      await interrupt(forward, 'policy');
      throw cause;
    }
    options.watch(forward);
    hub.metrics.count('tunnels_taken', 1);
    // By two machines' clocks, which may differ by some milliseconds. Later takes are returns and not openings.
    if (row.epoch === 1) hub.metrics.observe('open_milliseconds', Math.max(0, clock.now() - row.createdAt));
    return { accept: true, port: forward.wirePort };
  };

  const named = (forward: Forward) => ({
    device: forward.device,
    tunnel: forward.tunnel,
    service: forward.service,
    operator: forward.operator,
    way: 'relay',
  });

  const letGo = (forward: Forward, why: string): void => {
    forwards.remove(forward);
    for (const stream of forward.streams) stream.destroy(why);
  };

  const interrupt = async (forward: Forward, why: string): Promise<void> => {
    letGo(forward, why);
    try {
      await ledger.interrupt(forward.tunnel, forward.epoch);
    } catch (error) {
      // The sweep finds it: its holder's lease ends, or the tunnel's own end comes.
      hub.log('warn', 'interrupt.failed', {
        tunnel: forward.tunnel,
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
  };

  return {
    request: (session: DeviceSession, wanted: ForwardRequest, held: number) =>
      request(session, wanted, held).catch((error: unknown): ForwardAnswer => {
        hub.log('warn', 'forward.failed', {
          device: session.device,
          error: error instanceof Error ? error.message : 'unknown',
        });
        return refuse(session, wanted, 'unavailable');
      }),

    /** The client took its forward back (RFC 4254 7.1), or its session ended. */
    released: (forward: Forward) => interrupt(forward, 'interrupted'),

    /** The tunnel is over: its row is closed with the reason, if this relay still holds it. */
    async end(forward: Forward, reason: CloseReason): Promise<void> {
      letGo(forward, reason);
      const outcome = await ledger.end(forward.tunnel, reason, forward.epoch);
      if (outcome.ok) hub.ended({ ...named(forward), action: 'tunnel', code: reason });
    },

    letGo,

    /** The row changed: its end may have moved, or somebody else may hold it now. */
    async look(forward: Forward): Promise<void> {
      const row = await options.tunnels.get(forward.tunnel);
      if (row === undefined || row.state === 'closed' || row.epoch !== forward.epoch)
        return letGo(forward, row?.reason ?? 'gone');
      forward.endsAt = row.endsAt;
      options.watch(forward);
    },
  };
};
export type TunnelKeeper = ReturnType<typeof createTunnelKeeper>;
