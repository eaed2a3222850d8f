import type { Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import { type ErrorCode, isErrorCode, SallyportError } from '../core/errors.ts';
import type { EventHub } from '../core/events.ts';
import type { Target } from '../core/model/host-name.ts';
import { isEndToEnd, type Scheme } from '../core/model/service.ts';
import { hasEnded, type Tunnel } from '../core/model/tunnel.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { JumpOpener } from '../core/ports/jump-opener.ts';
import type { Timers } from '../core/ports/timers.ts';
import type { Decisions } from './decisions.ts';
import { type DoorResult, knock } from './door-client.ts';
import type { Places } from './places.ts';
import type { Visitor } from './visitor.ts';

/** How long a connection waits for a tunnel between two relays, or for its device's confirmation. */
const returnMilliseconds = 5_000;
const confirmMilliseconds = 2_000;
const pollMilliseconds = 50;

export type Connected = { readonly stream: Socket; readonly tunnel: Tunnel };

/** Takes a visitor from a name to a stream: resolve, decide, record, knock. */
export const createConnector = (parts: {
  readonly router: string;
  readonly places: Places;
  readonly decisions: Decisions;
  readonly opener: JumpOpener;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly hub: EventHub;
}) => {
  const { places, decisions, clock, hub } = parts;
  /** Which tunnel a device's name opened last for an operator. Only *where*: whether they may is decided each time. */
  const opened = new LRUCache<string, string>({ max: 20_000 });
  const pause = () => new Promise<void>((resolve) => void parts.timers.schedule(pollMilliseconds, resolve));

  /** The device's own name opens a tunnel on demand; the control plane re-uses one that lives. */
  const openOnDemand = async (visitor: Visitor, device: string, service: string | number): Promise<Tunnel> => {
    const name = JSON.stringify([visitor.operator.id, device, service]);
    const known = opened.get(name);
    const living = known === undefined ? undefined : await places.tunnel(known, { fresh: false });
    if (living !== undefined && !hasEnded(living, clock.now())) return living;
    const answer = await parts.opener.open({
      router: parts.router,
      operator: visitor.operator.id,
      groups: visitor.operator.groups,
      device,
      service,
      source: visitor.source.address,
    });
    if (!answer.ok)
      throw new SallyportError(isErrorCode(answer.code) ? answer.code : 'unavailable', { detail: answer.detail });
    const tunnel = await places.tunnel(answer.tunnel, { fresh: true });
    if (tunnel === undefined) throw new SallyportError('not_found');
    opened.set(name, tunnel.id);
    return tunnel;
  };

  const resolve = async (visitor: Visitor, target: Target): Promise<Tunnel> => {
    if (target.kind === 'device') {
      if (target.service === undefined) throw new SallyportError('unknown_service');
      return openOnDemand(visitor, target.label, target.service);
    }
    const tunnel =
      target.kind === 'claim'
        ? await places.byClaim(target.serverId, target.port)
        : await places.tunnel(target.tunnel, { fresh: false });
    if (tunnel === undefined) throw new SallyportError('not_found');
    return tunnel;
  };

  /** Asks the row anew until it pleases, is over, or the time is. */
  const rowThat = async (
    id: string,
    milliseconds: number,
    pleases: (tunnel: Tunnel) => boolean,
  ): Promise<Tunnel | undefined> => {
    const until = clock.monotonic() + milliseconds;
    for (;;) {
      const tunnel = await places.tunnel(id, { fresh: true });
      if (tunnel === undefined || hasEnded(tunnel, clock.now()))
        throw new SallyportError('tunnel_closed', { detail: tunnel?.reason });
      if (pleases(tunnel)) return tunnel;
      if (clock.monotonic() >= until) return undefined;
      await pause();
    }
  };

  const isConfirmed = (tunnel: Tunnel) => tunnel.holder !== undefined && tunnel.confirmed === tunnel.holder.serverId;

  const reach = async (visitor: Visitor, known: Tunnel): Promise<{ result: DoorResult; tunnel: Tunnel }> => {
    let tunnel = known;
    if (tunnel.holder === undefined) {
      const held = await rowThat(tunnel.id, returnMilliseconds, (row) => row.holder !== undefined);
      if (held === undefined) throw new SallyportError('relay_unavailable');
      tunnel = held;
    }
    if (!isEndToEnd(tunnel.scheme) && !isConfirmed(tunnel)) {
      // A compromised relay could take any tunnel of its devices; only the device's own word makes it the right one.
      const confirmed = await rowThat(tunnel.id, confirmMilliseconds, isConfirmed);
      if (confirmed === undefined) throw new SallyportError('not_confirmed');
      tunnel = confirmed;
    }
    const door = await places.doorOf(tunnel, { fresh: false });
    hub.debug('door.dial', [tunnel.device, visitor.operator.id], {
      tunnel: tunnel.id,
      epoch: tunnel.epoch,
      serverId: tunnel.holder?.serverId,
      known: door !== undefined,
    });
    if (door === undefined || tunnel.holder === undefined)
      return { result: { ok: false, answer: 'unreachable' }, tunnel };
    const pass = {
      v: 1,
      tunnel: tunnel.id,
      epoch: tunnel.epoch,
      operator: visitor.operator.id,
      way: visitor.way,
    } as const;
    const result = await knock(door, tunnel.holder.worker, { pass, source: visitor.source });
    hub.metrics.count('door_knocks', 1);
    if (!result.ok) hub.metrics.count('door_failures', 1, { answer: result.answer });
    return { result, tunnel };
  };

  /** After no answer, `stale` or `gone` the place is asked about anew, and once more tried. */
  const tryTwice = async (visitor: Visitor, tunnel: Tunnel): Promise<Connected> => {
    const began = clock.monotonic();
    const first = await reach(visitor, tunnel);
    hub.debug('door.answer', [tunnel.device, visitor.operator.id], {
      tunnel: tunnel.id,
      answer: first.result.ok ? 'ok' : first.result.answer,
    });
    if (first.result.ok) return { stream: first.result.stream, tunnel: first.tunnel };
    if (!isMoved(first.result.answer)) throw refusal(first.result.answer);
    // The row may name the lost holder for a while yet: wait until it says something else.
    const moved = await rowThat(
      tunnel.id,
      returnMilliseconds,
      (row) => row.holder !== undefined && row.epoch !== first.tunnel.epoch,
    );
    const second = await reach(visitor, moved ?? first.tunnel);
    if (second.result.ok) {
      hub.metrics.observe('return_milliseconds', clock.monotonic() - began);
      return { stream: second.result.stream, tunnel: second.tunnel };
    }
    throw refusal(second.result.answer);
  };

  const recorded = async (entry: Parameters<EventHub['allowed']>[0]): Promise<void> => {
    try {
      await hub.allowed(entry);
    } catch (cause) {
      throw new SallyportError('unavailable', { detail: 'the audit record could not be written', cause });
    }
  };

  /**
   * What narrowed while the door was dialled found no stream here to cut: whoever was let in before that is decided anew.
   * Answers without a turn of the event loop after the last look, so that the caller's list has the stream in time.
   */
  const stillAdmitted = async (visitor: Visitor, { stream, tunnel }: Connected, decidedAt: number): Promise<void> => {
    let generation = decidedAt;
    try {
      while (generation !== decisions.generation) {
        generation = decisions.generation;
        const row = await places.tunnel(tunnel.id, { fresh: true });
        if (row === undefined) throw new SallyportError('not_found');
        const entry = await decisions.decide(visitor.operator, row);
        if (!entry.ok) throw new SallyportError(entry.code);
      }
    } catch (error) {
      stream.destroy();
      throw error;
    }
  };

  return {
    /** Throws SallyportError with the real reason; every refusal is recorded, and every entry before its first byte. */
    async connect(visitor: Visitor, target: Target, accepts: (scheme: Scheme) => boolean): Promise<Connected> {
      const who = { operator: visitor.operator.id, way: visitor.way, source: visitor.source.address };
      const began = clock.monotonic();
      let tunnel: Tunnel | undefined;
      try {
        tunnel = await resolve(visitor, target);
        const { generation } = decisions;
        const entry = await decisions.decide(visitor.operator, tunnel);
        if (!entry.ok)
          throw new SallyportError(entry.code, entry.code === 'tunnel_closed' ? { detail: tunnel.reason } : {});
        if (!accepts(tunnel.scheme))
          throw new SallyportError('unknown_service', {
            detail: `a service of scheme ${tunnel.scheme} has another way in`,
          });
        await recorded({
          ...who,
          action: 'connect',
          device: tunnel.device,
          tunnel: tunnel.id,
          service: tunnel.service,
          facts: { epoch: tunnel.epoch, grants: entry.grants.join(' ') },
        });
        const connected = await tryTwice(visitor, tunnel);
        await stillAdmitted(visitor, connected, generation);
        hub.metrics.observe('connect_milliseconds', clock.monotonic() - began, { way: visitor.way });
        return connected;
      } catch (error) {
        const code: ErrorCode = error instanceof SallyportError ? error.code : 'unavailable';
        const facts = { target: JSON.stringify(target) };
        hub.refused({
          ...who,
          action: 'connect',
          code,
          device: tunnel?.device,
          tunnel: tunnel?.id,
          service: tunnel?.service,
          facts,
        });
        if (error instanceof SallyportError) throw error;
        hub.log('error', 'connect.failed', { error: error instanceof Error ? error.message : 'unknown' });
        throw new SallyportError('unavailable', { cause: error });
      }
    },
  };
};
export type Connector = ReturnType<typeof createConnector>;

const isMoved = (answer: string): boolean =>
  answer === 'unreachable' || answer === 'stale' || answer === 'gone' || answer === 'timeout';

const refusal = (answer: string): SallyportError => {
  if (answer === 'refused') return new SallyportError('device_failed', { detail: 'the device refused the connection' });
  if (answer === 'busy' || answer === 'stale' || answer === 'timeout') return new SallyportError(answer);
  return new SallyportError('relay_unavailable');
};
