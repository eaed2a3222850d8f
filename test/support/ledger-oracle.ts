import { isDeepStrictEqual } from 'node:util';
import type { PortClaim } from '../../core/model/port-claim.ts';
import type { Tunnel } from '../../core/model/tunnel.ts';
import type { Actor } from './actors.ts';
import type { Intent } from './ledger-world.ts';

/** The rows as they are after a step; claims by `<port>/<space>`. */
export type LedgerState = {
  readonly tunnels: ReadonlyMap<string, Tunnel>;
  readonly claims: ReadonlyMap<string, PortClaim>;
};
export const emptyLedger: LedgerState = { tunnels: new Map(), claims: new Map() };

/** The design's numbers, written down once more: an oracle that shares the code's constants shares its mistakes. */
const rest = 600_000;
const opening = 60_000;
const waiting = 300_000;
/** Clocks differ by up to 3 s each, and a write lands up to 30 s after its writer read the clock. */
const slack = 40_000;

const dueOf = (row: Tunnel): number => {
  if (row.state === 'requested' || row.state === 'opening') return Math.min(row.endsAt, row.createdAt + opening);
  if (row.state === 'interrupted') return Math.min(row.endsAt, (row.interruptedAt ?? Number.NaN) + waiting);
  return row.endsAt;
};
const addressOf = (row: Tunnel): string | undefined =>
  row.port === undefined ? undefined : `${row.port}/${row.space}`;

export class Violation extends Error {}
const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Violation(what);
};

/** How often what was reached: a suite that reaches nothing finds nothing. */
export type Reached = Map<
  'take' | 'takeover' | 'new owner' | 'interrupt' | 'confirm' | 'extend' | 'close' | 'connect',
  number
>;

export const createLedgerOracle = (reached: Reached) => {
  const count = (what: Parameters<Reached['get']>[0]) => reached.set(what, (reached.get(what) ?? 0) + 1);
  /** When, in true time, a tunnel was seen to have ended; and the step of its last take. */
  const endedAt = new Map<string, number>();
  const lastTake = new Map<string, number>();
  /** Who took an address last. */
  const owners = new Map<string, string>();

  const hasRested = (tunnel: string, now: number): boolean => now >= (endedAt.get(tunnel) ?? Infinity) + rest - slack;

  const checkTake = (before: Tunnel, after: Tunnel, actor: Actor<Intent>, step: number, now: number): void => {
    const { intent } = actor;
    must(after.epoch === before.epoch + 1, 'an epoch skips or goes back');
    must(intent.kind === 'take' && after.holder?.serverId === intent.serverId, 'an epoch is raised by a take alone');
    must(actor.lastNow < dueOf(before), 'a tunnel that had ended is taken');
    must((actor.firstStep ?? -1) >= (lastTake.get(before.id) ?? -1), 'a stale take overwrites a newer holder');
    lastTake.set(before.id, step);
    count(before.epoch === 0 ? 'take' : 'takeover');
    const address = addressOf(after);
    must(address !== undefined, 'an open tunnel has no address');
    if (address === undefined) return;
    const owner = owners.get(address);
    if (owner !== undefined && owner !== after.id) {
      must(hasRested(owner, now), 'an address answers for another tunnel within its rest');
      count('new owner');
    }
    owners.set(address, after.id);
  };

  const checkTunnel = (before: Tunnel, after: Tunnel, actor: Actor<Intent>, step: number, now: number): void => {
    const { intent, lastNow } = actor;
    must(before.state !== 'closed', 'a closed tunnel changes');
    if (before.port !== undefined) must(addressOf(after) === addressOf(before), "an operator's address changes");
    if (after.epoch !== before.epoch) {
      checkTake(before, after, actor, step, now);
      return;
    }
    if (after.holder !== undefined)
      must(isDeepStrictEqual(after.holder, before.holder), 'a holder changes without a take');
    if (after.confirmed !== undefined && after.confirmed !== before.confirmed) {
      must(
        intent.kind === 'confirm' && before.holder?.serverId === intent.serverId,
        'a relay that is not the holder is confirmed',
      );
      must(lastNow < dueOf(before), 'a tunnel that had ended is confirmed');
      count('confirm');
    }
    if (after.state === 'interrupted' && before.state !== 'interrupted') {
      must(before.state === 'open' && after.holder === undefined, 'only an open tunnel is interrupted');
      must(intent.kind === 'interrupt' && intent.epoch === before.epoch, 'a stale relay interrupts a newer holder');
      count('interrupt');
    }
    if (after.endsAt !== before.endsAt) {
      must(intent.kind === 'extend' && lastNow < dueOf(before), 'a tunnel that had ended is extended');
      count('extend');
    }
    if (after.state !== 'closed') return;
    must(intent.kind === 'end', 'a tunnel is closed by nobody');
    if (intent.kind !== 'end') return;
    must(intent.atEpoch === undefined || intent.atEpoch === before.epoch, 'a stale writer closes a newer holder');
    if (intent.byClock) must(lastNow >= dueOf(before), 'a tunnel is closed as due before its time');
    count('close');
  };

  const checkClaim = (
    before: PortClaim,
    after: PortClaim | undefined,
    tunnels: LedgerState['tunnels'],
    now: number,
  ): void => {
    if (after?.tunnel === before.tunnel) return;
    const owner = tunnels.get(before.tunnel);
    const isNamed = owner?.port === before.port && owner.space === before.space;
    if (isNamed) must(hasRested(owner.id, now), 'a claim is lost while its address must rest');
  };

  const checkState = ({ tunnels, claims }: LedgerState, now: number): void => {
    const live = new Map<string, string>();
    for (const row of tunnels.values()) {
      if (row.state === 'closed' || now >= dueOf(row)) {
        if (!endedAt.has(row.id)) endedAt.set(row.id, row.state === 'closed' ? now : dueOf(row));
        continue;
      }
      // An extension may come from a clock that was behind.
      endedAt.delete(row.id);
      const address = addressOf(row);
      if (address === undefined) continue;
      must(!live.has(address), 'an address answers for two live tunnels');
      live.set(address, row.id);
      const claim = claims.get(address);
      must(claim?.tunnel === row.id, "a live tunnel's claim is not its own");
      must((claim?.restUntil ?? 0) >= row.endsAt + rest, "a live tunnel's claim ends before its rest");
    }
  };

  return {
    /** One actor, or TTL (undefined), did something between the two states. */
    step(
      actor: Actor<Intent> | undefined,
      states: readonly [LedgerState, LedgerState],
      step: number,
      now: number,
    ): void {
      const [before, after] = states;
      for (const [id, row] of before.tunnels) {
        const next = after.tunnels.get(id);
        if (next === undefined && !endedAt.has(id)) endedAt.set(id, dueOf(row));
        if (next === row || next === undefined || isDeepStrictEqual(row, next)) continue;
        must(actor !== undefined, 'a row changes by itself');
        if (actor !== undefined) checkTunnel(row, next, actor, step, now);
      }
      checkState(after, now);
      for (const [address, claim] of before.claims) checkClaim(claim, after.claims.get(address), after.tunnels, now);
    },
    /** A router joined a user to the tunnel, for the address that the user named. */
    connected(address: string, tunnel: string, tunnels: LedgerState['tunnels']): void {
      must(owners.get(address) === tunnel, 'an address answers for another tunnel');
      const row = tunnels.get(tunnel);
      must(row !== undefined && addressOf(row) === address, 'a claim leads to a tunnel that does not name it');
      count('connect');
    },
  };
};
export type LedgerOracle = ReturnType<typeof createLedgerOracle>;
