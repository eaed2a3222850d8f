import { interruptedMilliseconds, openingMilliseconds, type Tunnel } from '../../core/model/tunnel.ts';
import type { Tunnels } from '../../core/ports/tunnels.ts';
import { anyId, aTake, aTunnel, hours, minutes, noon, seconds } from '../support/rows.ts';
import { race } from './each-adapter.ts';

/** Single writes of a tunnel's row, each with the ways to lose it. Lists have a contract of their own. */
export const tunnelsContract = (open: () => Tunnels): void => {
  const put = async (tunnels: Tunnels, parts: Partial<Tunnel> = {}): Promise<Tunnel> => {
    const tunnel = aTunnel(parts);
    expect(await tunnels.create(tunnel)).toEqual({ ok: true, row: tunnel });
    return tunnel;
  };
  const opened = async (tunnels: Tunnels, parts: Partial<Tunnel> = {}): Promise<Tunnel> => {
    const tunnel = await put(tunnels, parts);
    const outcome = await tunnels.take(aTake(tunnel), noon);
    if (!outcome.ok) throw new Error('the first take was lost');
    return outcome.row;
  };
  /** The write is lost, tells the row that stood, and changes nothing. */
  const loses = async (tunnels: Tunnels, id: string, write: Promise<unknown>): Promise<void> => {
    const row = await tunnels.get(id);
    expect(await write).toEqual({ ok: false, lost: 'lost', row });
    expect(await tunnels.get(id)).toEqual(row);
  };

  describe('create', () => {
    test('is read back as it was put, with every optional part', async () => {
      const tunnels = open();
      const whole: Required<Tunnel> = {
        ...aTunnel({ state: 'interrupted', epoch: 3 }),
        ...{ holder: { serverId: 'raaaaaaaaa', worker: 2 }, confirmed: 'raaaaaaaaa', takeId: 'x' },
        ...{ port: 5_000, space: '*', interruptedAt: noon, closedAt: noon, reason: 'idle', detail: 'd' },
      };
      await tunnels.create(whole);
      expect(await tunnels.get(whole.id)).toEqual(whole);
      expect(await tunnels.get(anyId())).toBeUndefined();
    });
    test('is lost when the id exists, and the row stays', async () => {
      const tunnels = open();
      const { id } = await put(tunnels);
      await loses(tunnels, id, tunnels.create(aTunnel({ id, createdAt: noon + 1 })));
    });
    test('repeated because its answer got lost, it is a success', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      expect(await tunnels.create({ ...tunnel })).toEqual({ ok: true, row: tunnel });
    });
    test('of 50 racers for one id one wins', async () => {
      const tunnels = open();
      const id = anyId();
      expect(await race(50, () => tunnels.create(aTunnel({ id })))).toHaveLength(1);
    });
  });

  describe('take', () => {
    test('makes the relay the holder at the next epoch and keeps the claim', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      const take = aTake(tunnel);
      const { holder, port, space, takeId } = take;
      const row = { ...tunnel, state: 'open', holder, port, space, takeId, epoch: 1 };
      expect(await tunnels.take(take, noon)).toEqual({ ok: true, row });
      expect(await tunnels.get(tunnel.id)).toEqual(row);
    });
    test('by another relay clears what the last one left, and keeps its claim', async () => {
      const tunnels = open();
      const first = await opened(tunnels);
      await tunnels.confirm(first.id, first.device, first.holder?.serverId ?? '', noon);
      await tunnels.interrupt(first.id, 1, noon);
      const take = aTake({ ...first, epoch: 1 });
      const outcome = await tunnels.take(take, noon + minutes(1));
      const { confirmed: _confirmed, ...rest } = first;
      expect(outcome).toEqual({ ok: true, row: { ...rest, epoch: 2, holder: take.holder, takeId: take.takeId } });
    });
    test('of 50 racers at one epoch one wins', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      const takes = Array.from({ length: 50 }, () => aTake(tunnel));
      const winners = await race(50, (racer) => tunnels.take(takes[racer] ?? aTake(tunnel), noon));
      expect(winners).toHaveLength(1);
      expect((await tunnels.get(tunnel.id))?.takeId).toBe(takes[winners[0] ?? -1]?.takeId);
    });
    test('repeated because its answer got lost, it is a success', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      const take = aTake(tunnel);
      const first = await tunnels.take(take, noon);
      expect(await tunnels.take(take, noon)).toEqual(first);
    });
    test('is lost at another epoch', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      await loses(tunnels, row.id, tunnels.take(aTake(row, { epoch: 0 }), noon));
      await loses(tunnels, row.id, tunnels.take(aTake(row, { epoch: 2 }), noon));
    });
    test('is lost with another claim than the one the tunnel has', async () => {
      const tunnels = open();
      const row = await opened(tunnels, { plainTcp: true });
      await loses(tunnels, row.id, tunnels.take(aTake(row, { port: 4_999 }), noon));
      await loses(tunnels, row.id, tunnels.take(aTake(row, { space: '*' }), noon));
    });
    test('is lost when the end is later than the claim was made for', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      await loses(tunnels, tunnel.id, tunnels.take(aTake(tunnel, { endsAt: tunnel.endsAt - 1 }), noon));
    });
    test('is lost when there is no row', async () => {
      const tunnels = open();
      expect(await tunnels.take(aTake(aTunnel()), noon)).toEqual({ ok: false, lost: 'lost', row: undefined });
    });
    test.each([
      ['closed', { state: 'closed', reason: 'operator', closedAt: noon } as const, 0],
      ['at its end, though the row still says open', { state: 'open', epoch: 1 } as const, hours(1)],
      ['not opened in time', {}, openingMilliseconds],
      ['not opened in time, though acknowledged', { state: 'opening' } as const, openingMilliseconds],
      ['interrupted too long', { state: 'interrupted', interruptedAt: noon } as const, interruptedMilliseconds],
    ])('is lost when the tunnel is %s', async (_name, parts, after) => {
      const tunnels = open();
      const tunnel = await put(tunnels, parts);
      await loses(tunnels, tunnel.id, tunnels.take(aTake(tunnel), noon + after));
      if (after > 0) expect((await tunnels.take(aTake(tunnel), noon + after - 1)).ok).toBe(true);
    });
  });

  describe('acknowledge', () => {
    test('moves a requested tunnel on, once', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      expect(await tunnels.acknowledge(tunnel.id)).toEqual({ ok: true, row: { ...tunnel, state: 'opening' } });
      await loses(tunnels, tunnel.id, tunnels.acknowledge(tunnel.id));
    });
    test('is lost when the tunnel went on already or is not there', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      await loses(tunnels, row.id, tunnels.acknowledge(row.id));
      expect((await tunnels.acknowledge(anyId())).ok).toBe(false);
    });
  });

  describe('interrupt', () => {
    test('clears the holder at that epoch', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      await tunnels.confirm(row.id, row.device, row.holder?.serverId ?? '', noon);
      const { holder: _holder, ...rest } = row;
      expect(await tunnels.interrupt(row.id, 1, noon + 7)).toEqual({
        ok: true,
        row: { ...rest, state: 'interrupted', interruptedAt: noon + 7 },
      });
    });
    test('is lost at another epoch, twice, before the first take, after the close, without a row', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      await loses(tunnels, row.id, tunnels.interrupt(row.id, 0, noon));
      await loses(tunnels, row.id, tunnels.interrupt(row.id, 2, noon));
      await tunnels.interrupt(row.id, 1, noon);
      await loses(tunnels, row.id, tunnels.interrupt(row.id, 1, noon));
      const fresh = await put(tunnels);
      await loses(tunnels, fresh.id, tunnels.interrupt(fresh.id, 0, noon));
      await tunnels.close(row.id, 'operator', { now: noon });
      await loses(tunnels, row.id, tunnels.interrupt(row.id, 1, noon));
      expect((await tunnels.interrupt(anyId(), 1, noon)).ok).toBe(false);
    });
    test('never undoes a take of the same moment', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      const [, take] = await Promise.all([tunnels.interrupt(row.id, 1, noon), tunnels.take(aTake(row), noon)]);
      const after = await tunnels.get(row.id);
      expect(take.ok).toBe(true);
      expect(after).toMatchObject({ state: 'open', epoch: 2 });
      expect(after?.interruptedAt).toBeUndefined();
    });
  });

  describe('confirm', () => {
    test('notes the server id that the device dialled', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      const serverId = row.holder?.serverId ?? '';
      expect(await tunnels.confirm(row.id, row.device, serverId, noon)).toEqual({
        ok: true,
        row: { ...row, confirmed: serverId },
      });
    });
    test('is lost for another device, another relay, a tunnel not open, ended, or absent', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      const serverId = row.holder?.serverId ?? '';
      await loses(tunnels, row.id, tunnels.confirm(row.id, 'other', serverId, noon));
      await loses(tunnels, row.id, tunnels.confirm(row.id, row.device, 'rzzzzzzzzz', noon));
      await loses(tunnels, row.id, tunnels.confirm(row.id, row.device, serverId, row.endsAt));
      await tunnels.interrupt(row.id, 1, noon);
      await loses(tunnels, row.id, tunnels.confirm(row.id, row.device, serverId, noon));
      expect((await tunnels.confirm(anyId(), row.device, serverId, noon)).ok).toBe(false);
    });
  });

  describe('close', () => {
    test.each(['requested', 'opening', 'open', 'interrupted'] as const)('ends a tunnel that is %s', async (state) => {
      const tunnels = open();
      const tunnel = await put(tunnels, {
        state,
        confirmed: 'raaaaaaaaa',
        holder: { serverId: 'raaaaaaaaa', worker: 0 },
      });
      const { holder: _holder, confirmed: _confirmed, ...rest } = tunnel;
      const outcome = await tunnels.close(tunnel.id, 'device_failed', { now: noon + 5, detail: 'no route' });
      const end = { state: 'closed', reason: 'device_failed', closedAt: noon + 5, detail: 'no route' };
      expect(outcome).toEqual({ ok: true, row: { ...rest, ...end } });
    });
    test('is lost when closed already, whatever the reason, and for an absent row', async () => {
      const tunnels = open();
      const { id } = await put(tunnels);
      await tunnels.close(id, 'idle', { now: noon });
      await loses(tunnels, id, tunnels.close(id, 'operator', { now: noon + 1 }));
      expect((await tunnels.close(anyId(), 'operator', { now: noon })).ok).toBe(false);
    });
    test('repeated because its answer got lost, it is a success', async () => {
      const tunnels = open();
      const { id } = await put(tunnels);
      const first = await tunnels.close(id, 'idle', { now: noon });
      expect(await tunnels.close(id, 'idle', { now: noon })).toEqual(first);
    });
    test('is lost at another epoch than the writer saw', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      await loses(tunnels, row.id, tunnels.close(row.id, 'idle', { now: noon, atEpoch: 0 }));
      expect((await tunnels.close(row.id, 'idle', { now: noon, atEpoch: 1 })).ok).toBe(true);
    });
    test('when due only, it is lost before the end', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      const early = { now: row.endsAt - 1, whenDue: true };
      await loses(tunnels, row.id, tunnels.close(row.id, 'expired', early));
      await tunnels.change(row.id, { endsAt: row.endsAt + 1 }, noon);
      await loses(tunnels, row.id, tunnels.close(row.id, 'expired', { now: row.endsAt, whenDue: true }));
      expect((await tunnels.close(row.id, 'expired', { now: row.endsAt + 1, whenDue: true })).ok).toBe(true);
    });
    test('of 50 closers one wins, and only it may tell', async () => {
      const tunnels = open();
      const { id } = await put(tunnels);
      expect(await race(50, (racer) => tunnels.close(id, 'operator', { now: noon + racer }))).toHaveLength(1);
    });
  });

  describe('change', () => {
    test('sets the allow list, the end, or both, and nothing else', async () => {
      const tunnels = open();
      const tunnel = await put(tunnels);
      const allow = ['198.51.100.0/24'];
      expect(await tunnels.change(tunnel.id, { allow }, noon)).toEqual({ ok: true, row: { ...tunnel, allow } });
      const endsAt = noon + hours(2);
      const row = { ...tunnel, allow, endsAt };
      expect(await tunnels.change(tunnel.id, { endsAt }, noon)).toEqual({ ok: true, row });
      expect(await tunnels.change(tunnel.id, { allow: [], endsAt: noon + 1 }, noon, 0)).toEqual({
        ok: true,
        row: { ...row, allow: [], endsAt: noon + 1 },
      });
    });
    test('is lost at another epoch, once ended or closed, and for an absent row', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      const allow: string[] = [];
      await loses(tunnels, row.id, tunnels.change(row.id, { allow }, noon, 0));
      await loses(tunnels, row.id, tunnels.change(row.id, { endsAt: row.endsAt + hours(1) }, row.endsAt));
      await tunnels.close(row.id, 'operator', { now: noon });
      await loses(tunnels, row.id, tunnels.change(row.id, { allow }, noon));
      expect((await tunnels.change(anyId(), { allow }, noon)).ok).toBe(false);
    });
    test('two at once both happen', async () => {
      const tunnels = open();
      const row = await opened(tunnels);
      const outcomes = await Promise.all([
        tunnels.change(row.id, { allow: [] }, noon),
        tunnels.change(row.id, { endsAt: row.endsAt + seconds(9) }, noon),
      ]);
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
      expect(await tunnels.get(row.id)).toEqual({ ...row, allow: [], endsAt: row.endsAt + seconds(9) });
    });
  });
};
