import { SallyportError } from '../../core/errors.ts';
import { interrupted, mayInterrupt } from '../../core/model/take.ts';
import { dueAt, isSameRequest, type Tunnel } from '../../core/model/tunnel.ts';
import { isSameClose, mayChange } from '../../core/model/tunnel-close.ts';
import type { Outcome } from '../../core/ports/outcome.ts';
import type { Tunnels } from '../../core/ports/tunnels.ts';
import {
  absent,
  alive,
  all,
  atEpoch,
  atMost,
  type Condition,
  endsBy,
  equals,
  namesNoOtherClaim,
  notClosed,
} from './conditions.ts';
import type { RowChange } from './expression.ts';
import { outcomeOf } from './outcome.ts';
import { openTable, type TableOptions } from './table.ts';
import { tunnelLists } from './tunnel-lists.ts';
import { rowOfTunnel, type TunnelRow, tunnelOfRow, tunnelPurgeAt } from './tunnel-row.ts';

/** Writes that compute from the row try again when it changed between read and write. */
const tries = 5;

export const createDynamoTunnels = (options: TableOptions): Tunnels => {
  const table = openTable<TunnelRow>(options);

  const get = async (id: string): Promise<Tunnel | undefined> => {
    const row = await table.get({ id });
    return row === undefined ? undefined : tunnelOfRow(row);
  };
  const update = async (id: string, change: RowChange, when: Condition): Promise<Outcome<Tunnel>> =>
    outcomeOf(await table.update({ id }, change, when), tunnelOfRow);
  /** A write that was repeated because its answer got lost finds its own row. */
  const unless = (outcome: Outcome<Tunnel>, isOwn: (row: Tunnel) => boolean): Outcome<Tunnel> =>
    !outcome.ok && outcome.row !== undefined && isOwn(outcome.row) ? { ok: true, row: outcome.row } : outcome;

  /** For changes whose `dueAt` follows from the row: fenced by all that it follows from. */
  const updateFromRow = async (
    id: string,
    decide: (row: Tunnel) => RowChange | undefined,
    when: Condition,
  ): Promise<Outcome<Tunnel>> => {
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const row = await get(id);
      const change = row === undefined ? undefined : decide(row);
      if (row === undefined || change === undefined) return { ok: false, lost: 'lost', row };
      const asRead = all(equals('state', row.state), atEpoch(row.epoch), equals('endsAt', row.endsAt));
      const outcome = await update(id, change, all(asRead, when));
      if (outcome.ok) return outcome;
    }
    throw new SallyportError('busy');
  };

  return {
    ...tunnelLists(table),
    get,
    async create(tunnel) {
      const outcome = outcomeOf(await table.put(rowOfTunnel(tunnel), absent('id')), tunnelOfRow);
      return unless(outcome, (row) => isSameRequest(row, tunnel));
    },
    async take(take, now) {
      const { holder, port, space, takeId } = take;
      const outcome = await update(
        take.tunnel,
        {
          set: {
            ...{ state: 'open', holder, holderServer: holder.serverId, epoch: take.epoch + 1, port, space, takeId },
            confirmed: undefined,
            interruptedAt: undefined,
          },
          copy: { dueAt: 'endsAt' },
        },
        all(alive(now), atEpoch(take.epoch), endsBy(take.endsAt), namesNoOtherClaim(port, space)),
      );
      return unless(outcome, (row) => row.takeId === takeId);
    },
    acknowledge: (id) => update(id, { set: { state: 'opening' } }, equals('state', 'requested')),
    interrupt: (id, epoch, now) =>
      updateFromRow(
        id,
        (row) => {
          if (!mayInterrupt(row, epoch)) return undefined;
          const due = dueAt(interrupted(row, now));
          const gone = { holder: undefined, holderServer: undefined, confirmed: undefined };
          return { set: { state: 'interrupted', interruptedAt: now, dueAt: due, ...gone } };
        },
        atEpoch(epoch),
      ),
    confirm: (id, device, serverId, now) =>
      update(
        id,
        { set: { confirmed: serverId } },
        all(alive(now), equals('device', device), equals('state', 'open'), equals('holderServer', serverId)),
      ),
    async close(id, reason, { now, detail, atEpoch: epoch, whenDue }) {
      const outcome = await update(
        id,
        {
          set: {
            ...{ state: 'closed', reason, closedAt: now, ...(detail === undefined ? {} : { detail }) },
            ...{ holder: undefined, holderServer: undefined, confirmed: undefined },
            ...{ dueAt: undefined, dueBucket: undefined },
          },
        },
        all(
          notClosed,
          epoch === undefined ? undefined : atEpoch(epoch),
          whenDue === true ? atMost('dueAt', now) : undefined,
        ),
      );
      return unless(outcome, (row) => isSameClose(row, reason, now));
    },
    change: (id, { allow, endsAt }, now, epoch) =>
      updateFromRow(
        id,
        (row) => {
          if (!mayChange(row, now, epoch)) return undefined;
          const end = endsAt ?? row.endsAt;
          const set = { endsAt: end, dueAt: dueAt({ ...row, endsAt: end }), purgeAt: tunnelPurgeAt(end) };
          return { set: { ...set, ...(allow === undefined ? {} : { allow }) } };
        },
        alive(now),
      ),
  };
};
