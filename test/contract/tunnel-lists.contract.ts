import { bucketOf } from '../../core/model/ids.ts';
import { interruptedMilliseconds, openingMilliseconds, type Tunnel } from '../../core/model/tunnel.ts';
import { bucketCount } from '../../core/names.ts';
import type { Tunnels } from '../../core/ports/tunnels.ts';
import { anyOperator, anyServerId, aTake, aTunnel, hours, minutes, noon } from '../support/rows.ts';
import { forgedCursors, walk } from './each-adapter.ts';

/** The tunnels' lists: order, pages, cursors, and which writes put a row in or take it out. */
export const tunnelListsContract = (open: () => Tunnels): void => {
  const create = async (tunnels: Tunnels, parts: Partial<Tunnel> = {}): Promise<Tunnel> => {
    const tunnel = aTunnel(parts);
    await tunnels.create(tunnel);
    return tunnel;
  };
  const take = async (tunnels: Tunnels, tunnel: Tunnel, serverId: string, now = noon): Promise<Tunnel> => {
    const outcome = await tunnels.take(aTake(tunnel, { holder: { serverId, worker: 1 } }), now);
    if (!outcome.ok) throw new Error('the take was lost');
    return outcome.row;
  };
  const heldBy = (tunnels: Tunnels, serverId: string) => walk(2, (page) => tunnels.listByHolder(serverId, page));
  const dueIds = async (tunnels: Tunnels, id: string, now: number): Promise<readonly string[]> => {
    const rows = await walk(100, (page) => tunnels.listDue(bucketOf(id, bucketCount), now, page));
    return rows.map((row) => row.id).filter((due) => due === id);
  };

  test('of one operator or device come newest first, page after page, whole', async () => {
    const tunnels = open();
    const operator = anyOperator();
    const device = `pump-${operator}`;
    const made: Tunnel[] = [];
    // Two of them in the same millisecond.
    for (const after of [3, 1, 2, 2, 7, 0, 9])
      made.push(await create(tunnels, { operator, device, createdAt: noon + after }));
    await create(tunnels);
    for (const list of [tunnels.listByOperator, tunnels.listByDevice] as const) {
      const key = list === tunnels.listByOperator ? operator : device;
      for (const limit of [1, 2, 3, 100]) {
        const rows = await walk(limit, (page) => list(key, page));
        expect(rows.map((row) => row.createdAt - noon)).toEqual([9, 7, 3, 2, 2, 1, 0]);
        expect(new Set(rows)).toEqual(new Set(made));
      }
    }
    expect(await tunnels.listByOperator(anyOperator(), { limit: 5 })).toEqual({ rows: [] });
  });

  test('a forged cursor is refused', async () => {
    const tunnels = open();
    for (const cursor of forgedCursors) {
      const refused = { code: 'invalid_request', pointer: '/cursor' };
      await expect(tunnels.listByOperator(anyOperator(), { limit: 5, cursor })).rejects.toMatchObject(refused);
      await expect(tunnels.listByDevice('pump', { limit: 5, cursor })).rejects.toMatchObject(refused);
      await expect(tunnels.listByHolder(anyServerId(), { limit: 5, cursor })).rejects.toMatchObject(refused);
    }
  });

  test("another operator's cursor shows nothing of theirs", async () => {
    const tunnels = open();
    const [mine, theirs] = [anyOperator(), anyOperator()];
    for (let after = 0; after < 4; after += 1) {
      await create(tunnels, { operator: mine, createdAt: noon + after });
      await create(tunnels, { operator: theirs, createdAt: noon + after });
    }
    const { cursor } = await tunnels.listByOperator(theirs, { limit: 2 });
    const { rows } = await tunnels.listByOperator(mine, { limit: 10, cursor });
    expect(rows.every((row) => row.operator === mine)).toBe(true);
  });

  test('a holder has what it took, until it lets go or another takes it', async () => {
    const tunnels = open();
    const [one, other] = [anyServerId(), anyServerId()];
    const taken = [];
    for (let count = 0; count < 5; count += 1) taken.push(await take(tunnels, await create(tunnels), one));
    const byId = (rows: readonly Tunnel[]) => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(await heldBy(tunnels, one)).toEqual(byId(taken));
    const [first, second, third, ...kept] = taken;
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few');
    await tunnels.interrupt(first.id, 1, noon);
    await tunnels.close(second.id, 'idle', { now: noon });
    const moved = await take(tunnels, third, other);
    expect(await heldBy(tunnels, one)).toEqual(byId(kept));
    expect(await heldBy(tunnels, other)).toEqual([moved]);
  });

  test('due ones come when each state says, oldest first', async () => {
    const tunnels = open();
    const serverId = anyServerId();
    const requested = await create(tunnels);
    const dueAfter = async (id: string, at: number) => {
      expect(await dueIds(tunnels, id, at - 1)).toEqual([]);
      expect(await dueIds(tunnels, id, at)).toEqual([id]);
    };
    await dueAfter(requested.id, noon + openingMilliseconds);
    await tunnels.acknowledge(requested.id);
    await dueAfter(requested.id, noon + openingMilliseconds);
    const row = await take(tunnels, requested, serverId);
    await dueAfter(row.id, row.endsAt);
    await tunnels.interrupt(row.id, 1, noon + minutes(2));
    await dueAfter(row.id, noon + minutes(2) + interruptedMilliseconds);
    const again = await take(tunnels, { ...row, epoch: 1 }, serverId, noon + minutes(3));
    await tunnels.change(row.id, { endsAt: noon + hours(5) }, noon);
    await dueAfter(row.id, noon + hours(5));
    await tunnels.interrupt(row.id, again.epoch, noon + hours(5) - 1);
    // The end comes before the wait for the device does.
    await dueAfter(row.id, noon + hours(5));
    await tunnels.close(row.id, 'expired', { now: noon + hours(5) });
    expect(await dueIds(tunnels, row.id, noon + hours(99))).toEqual([]);
  });

  test('a shorter end of one still waiting for its device counts at once', async () => {
    const tunnels = open();
    const tunnel = await create(tunnels);
    await tunnels.change(tunnel.id, { endsAt: noon + 500 }, noon);
    expect(await dueIds(tunnels, tunnel.id, noon + 499)).toEqual([]);
    expect(await dueIds(tunnels, tunnel.id, noon + 500)).toEqual([tunnel.id]);
  });

  test('due ones of one bucket come in pages, oldest first', async () => {
    const tunnels = open();
    const far = noon + hours(24 * 365);
    const mine = new Set<string>();
    const dueTimes: number[] = [];
    while (mine.size < 5) {
      const tunnel = aTunnel({ createdAt: far, endsAt: far + hours(1) - mine.size });
      if (bucketOf(tunnel.id, bucketCount) !== 3) continue;
      await tunnels.create({ ...tunnel, state: 'open', epoch: 1 });
      mine.add(tunnel.id);
      dueTimes.push(tunnel.endsAt);
    }
    const rows = await walk(2, (page) => tunnels.listDue(3, far + hours(1), page));
    const shown = rows.filter((row) => mine.has(row.id)).map((row) => row.endsAt);
    expect(shown).toEqual(dueTimes.sort((a, b) => a - b));
  });
};
