import type { CloseReason } from '../../core/model/close-reason.ts';
import { type PortClaim, restMilliseconds } from '../../core/model/port-claim.ts';
import { dueAt, hasEnded, keepMilliseconds, overdueReason, type Tunnel } from '../../core/model/tunnel.ts';
import { isByClock } from '../../core/model/tunnel-close.ts';
import type { PortClaims } from '../../core/ports/port-claims.ts';
import type { Tunnels } from '../../core/ports/tunnels.ts';
import { extendTunnel } from '../../core/use-cases/change-tunnel.ts';
import { endTunnel, interruptTunnel } from '../../core/use-cases/release-tunnel.ts';
import { takeTunnel } from '../../core/use-cases/take-tunnel.ts';
import { type Actor, letGo, startActor, type Verdict } from './actors.ts';
import { createLedgerOracle, emptyLedger, type LedgerState, type Reached } from './ledger-oracle.ts';
import { anyId, anyServerId, aTunnel, seconds } from './rows.ts';

/** What an actor set out to do; the oracle compares what it did. */
export type Intent =
  | { readonly kind: 'take'; readonly serverId: string }
  | { readonly kind: 'interrupt'; readonly epoch: number }
  | { readonly kind: 'confirm'; readonly serverId: string }
  | { readonly kind: 'extend' }
  | { readonly kind: 'end'; readonly atEpoch?: number | undefined; readonly byClock: boolean }
  | { readonly kind: 'connect' };

/** The two tables, as one actor uses them (each call waits to be let go on), as they are, and as TTL leaves them. */
export type Store = {
  readonly forActor: (
    actor: Actor<Intent>,
    now: () => number,
  ) => { readonly tunnels: Tunnels; readonly claims: PortClaims };
  readonly create: (tunnel: Tunnel) => Promise<unknown>;
  readonly state: () => Promise<LedgerState>;
  readonly expire: (now: number) => Promise<void>;
};

/** A relay process: its clock is off, and it serves what it took. */
type RelayProcess = { readonly serverId: string; readonly skew: number; readonly holds: Map<string, number> };

/** Longer than this no call is under way: time-outs and the age of a request's signature see to it. */
const longestCall = seconds(30);

/** A fleet in small: every decision that chance makes comes from `pick`, so that a schedule can be run again. */
export const createLedgerWorld = (
  store: Store,
  pick: (choices: number) => number,
  options: { readonly begin: number; readonly reached: Reached },
) => {
  const oracle = createLedgerOracle(options.reached);
  let state: LedgerState = emptyLedger;
  let actors: readonly Actor<Intent>[] = [];
  let now = options.begin;
  let step = 0;
  let drawn = 0;
  let made = 0;
  const newRelay = (): RelayProcess => ({ serverId: anyServerId(), skew: seconds(pick(7) - 3), holds: new Map() });
  const relays = [newRelay(), newRelay()];

  const from = <Item>(list: readonly Item[]): Item | undefined => list[pick(Math.max(1, list.length))];
  /** Most often one that may still live, for more happens to those. */
  const anyRow = (): Tunnel | undefined => {
    const rows = [...state.tunnels.values()];
    const living = rows.filter((row) => !hasEnded(row, now - seconds(3)));
    return from(living.length > 0 && pick(8) > 0 ? living : rows);
  };
  const anyRelay = (): RelayProcess => from(relays) ?? newRelay();

  const look = async (actor: Actor<Intent> | undefined): Promise<void> => {
    const after = await store.state();
    step += 1;
    oracle.step(actor, [state, after], step, now);
    state = after;
  };

  const ledgerOf = (actor: Actor<Intent>, skew: number) => ({
    ...store.forActor(actor, () => now),
    clock: {
      monotonic: () => now,
      now: () => {
        actor.lastNow = now + skew;
        return actor.lastNow;
      },
    },
    random: {
      /** Ports begin at one of two places, so that tunnels meet; everything else drawn is new. */
      bytes: (count: number) => {
        drawn += 1;
        return count === 4 ? Uint8Array.of(0, 0, 0, pick(2)) : Buffer.alloc(count, `${drawn}.`);
      },
    },
  });
  type Ledger = ReturnType<typeof ledgerOf>;

  const start = async (intent: Intent, skew: number, run: (ledger: Ledger) => Promise<unknown>): Promise<void> => {
    const actor = await startActor(
      intent,
      () => now,
      async (self) => {
        await run(ledgerOf(self, skew));
      },
    );
    if (!actor.isDone) actors = [...actors, actor];
  };

  const request = async (): Promise<void> => {
    if (made >= 10) return;
    made += 1;
    const id = anyId();
    const endsAt = now + seconds([20, 300, 300, 3_600][pick(4)] ?? 60);
    const device = `pump-${pick(2)}`;
    await store.create(aTunnel({ id, device, operator: `o${id}`, createdAt: now, endsAt, plainTcp: pick(2) === 0 }));
    await look(undefined);
  };

  /** The device's newest session asks for its tunnel, at whichever relay the load balancer picked. */
  const dial = async (): Promise<void> => {
    const row = anyRow();
    const relay = anyRelay();
    const { serverId } = relay;
    if (row === undefined) return;
    await start({ kind: 'take', serverId }, relay.skew, async (ledger) => {
      const holder = { serverId, worker: 0 };
      const taken = await takeTunnel(ledger, { tunnel: row.id, device: row.device, holder });
      if (taken.ok && relays.includes(relay)) relay.holds.set(row.id, taken.row.epoch);
    });
  };

  const hangUp = async (): Promise<void> => {
    const relay = anyRelay();
    const [tunnel, epoch] = from([...relay.holds]) ?? [];
    if (tunnel === undefined || epoch === undefined) return;
    relay.holds.delete(tunnel);
    await start({ kind: 'interrupt', epoch }, relay.skew, (ledger) => interruptTunnel(ledger, tunnel, epoch));
  };

  /** A relay dies with all that it had under way, and another starts; what the sweep does about it may come much later. */
  const crash = async (): Promise<void> => {
    const place = pick(relays.length);
    const dead = relays[place];
    if (dead === undefined) return;
    relays[place] = newRelay();
    actors = actors.filter(({ intent }) => intent.kind !== 'take' || intent.serverId !== dead.serverId);
    for (const [tunnel, epoch] of dead.holds)
      await start({ kind: 'interrupt', epoch }, seconds(pick(7) - 3), (ledger) =>
        interruptTunnel(ledger, tunnel, epoch),
      );
  };

  const end = async (row: Tunnel, reason: CloseReason, skew: number, atEpoch?: number): Promise<void> =>
    start({ kind: 'end', atEpoch, byClock: isByClock(reason) }, skew, (ledger) =>
      endTunnel(ledger, row.id, reason, atEpoch === undefined ? {} : { atEpoch }),
    );

  /** The operator closes; a relay finds its tunnel idle, by its own word for the epoch; the sweep finds one overdue. */
  const close = async (): Promise<void> => {
    const row = anyRow();
    const relay = anyRelay();
    if (row === undefined) return;
    const held = relay.holds.get(row.id);
    const overdue = overdueReason(row, now + relay.skew);
    if (overdue !== undefined && row.state !== 'closed') return end(row, overdue, relay.skew, row.epoch);
    if (held !== undefined && pick(2) === 0) return end(row, 'idle', relay.skew, held);
    if (pick(3) === 0) return end(row, 'operator', relay.skew);
  };

  const confirm = async (): Promise<void> => {
    const row = anyRow();
    const { serverId, skew } = anyRelay();
    if (row === undefined) return;
    await start({ kind: 'confirm', serverId }, skew, ({ tunnels, clock }) =>
      tunnels.confirm(row.id, row.device, serverId, clock.now()),
    );
  };

  const extend = async (): Promise<void> => {
    const row = anyRow();
    const by = seconds([10, 60, 600, 7_200][pick(4)] ?? 60);
    if (row === undefined) return;
    await start({ kind: 'extend' }, seconds(pick(7) - 3), (ledger) => extendTunnel(ledger, row.id, now + by));
  };

  /** A router resolves an address and knocks at the door of the relay that holds the tunnel. */
  const connect = async (): Promise<void> => {
    const { port, space } = from([...state.claims.values()]) ?? {};
    if (port === undefined || space === undefined) return;
    await start({ kind: 'connect' }, seconds(pick(7) - 3), async ({ claims, tunnels, clock }) => {
      const claim = await claims.get(port, space);
      const row = claim && (await tunnels.get(claim.tunnel));
      if (row === undefined || hasEnded(row, clock.now()) || row.port !== port || row.space !== space) return;
      const relay = relays.find(({ serverId }) => serverId === row.holder?.serverId);
      if (relay?.holds.get(row.id) === row.epoch) oracle.connected(`${port}/${space}`, row.id, state.tunnels);
    });
  };

  /** Time passes; what has been under way for too long is given up. */
  const wait = async (until: number): Promise<void> => {
    if (until <= now) return;
    now = until;
    actors = actors.filter(({ waitingSince }) => now - waitingSince <= longestCall);
    if (pick(8) === 0) await store.expire(now);
    await look(undefined);
  };
  const moments = (): readonly number[] => [
    ...[...state.tunnels.values()].flatMap((row) => (row.state === 'closed' ? [] : [dueAt(row)])),
    ...[...state.claims.values()].map(({ restUntil }: PortClaim) => restUntil),
  ];
  /** To a moment at which somebody's clock says that something has just ended, or is about to. */
  const waitForMoment = async (): Promise<void> => {
    const moment = from(moments());
    const before = seconds([0, 0, 0, 1, 4, 9][pick(6)] ?? 0);
    if (moment !== undefined) await wait(moment - before - anyRelay().skew);
  };
  const waits = [1, 2, 3, 5, 20, 40, 200, 660].map(seconds);
  const waitAWhile = (): Promise<void> => wait(now + (waits[pick(waits.length)] ?? seconds(1)));
  const waitForTtl = (): Promise<void> =>
    pick(4) === 0 ? wait(now + keepMilliseconds + restMilliseconds) : Promise.resolve();

  const goOn = async (verdict: Verdict): Promise<void> => {
    const actor = from(actors);
    if (actor === undefined) return;
    await letGo(actor, step, verdict);
    if (actor.isDone) actors = actors.filter((other) => other !== actor);
    // Whatever is no refusal of a table is a fault of ours.
    if (actor.error instanceof Error && actor.error.name !== 'SallyportError') throw actor.error;
    await look(actor);
  };
  const goOnUnluckily = (): Promise<void> => goOn((['failed', 'lost', 'repeated'] as const)[pick(3)] ?? 'failed');

  const many = <Item>(count: number, item: Item): readonly Item[] => Array.from({ length: count }, () => item);
  const turns: readonly (() => Promise<void>)[] = [
    ...many(46, () => goOn('done')),
    ...many(3, goOnUnluckily),
    ...many(14, dial),
    ...many(4, request),
    ...many(4, hangUp),
    ...many(5, close),
    ...many(4, confirm),
    ...many(5, extend),
    ...many(5, connect),
    ...many(6, waitAWhile),
    ...many(6, waitForMoment),
    ...many(1, crash),
    ...many(1, waitForTtl),
  ];

  return {
    begin: async (): Promise<void> => {
      await request();
      await request();
    },
    turn: (): Promise<void> => (turns[pick(turns.length)] ?? dial)(),
    /** Everything under way comes to its end. */
    finish: async (): Promise<void> => {
      while (actors.length > 0) await goOn('done');
    },
  };
};
