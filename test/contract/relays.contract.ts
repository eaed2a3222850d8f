import type { Relays } from '../../core/ports/relays.ts';
import { anyServerId, aRelay } from '../support/rows.ts';

export const relaysContract = (open: () => Relays): void => {
  const without = ({ doorKey: _doorKey, ...relay }: ReturnType<typeof aRelay>) => relay;

  test('is read back without its door key, and with it by a router alone', async () => {
    const relays = open();
    const relay = aRelay();
    await relays.register(relay);
    expect(await relays.get(relay.serverId)).toEqual(without(relay));
    expect(await relays.getDoor(relay.serverId)).toEqual(relay);
    expect(await relays.get(anyServerId())).toBeUndefined();
    expect(await relays.getDoor(anyServerId())).toBeUndefined();
  });
  test('the list has every relay in order of server id and no key', async () => {
    const relays = open();
    const made = [aRelay(), aRelay({ draining: true }), aRelay()];
    for (const relay of made) await relays.register(relay);
    const ids = new Set(made.map(({ serverId }) => serverId));
    const listed = await relays.list();
    expect(listed.filter(({ serverId }) => ids.has(serverId))).toEqual(
      made.map(without).sort((one, other) => (one.serverId < other.serverId ? -1 : 1)),
    );
    expect(listed.map(({ serverId }) => serverId)).toEqual(listed.map(({ serverId }) => serverId).sort());
    expect(JSON.stringify(listed)).not.toContain('doorKey');
  });
  test('renew raises lease, load and draining, and nothing else', async () => {
    const relays = open();
    const relay = aRelay();
    await relays.register(relay);
    const load = { sessions: 3, tunnels: 5, channels: 8 };
    await relays.renew(relay.serverId, 2, load, true);
    expect(await relays.getDoor(relay.serverId)).toEqual({ ...relay, lease: 2, load, draining: true });
    expect((await relays.list()).find(({ serverId }) => serverId === relay.serverId)).toMatchObject({ lease: 2, load });
  });
  test('a relay whose row is gone cannot renew it, and makes none', async () => {
    const relays = open();
    const relay = aRelay();
    await relays.register(relay);
    await relays.remove(relay.serverId);
    await relays.remove(relay.serverId);
    const renewal = relays.renew(relay.serverId, 2, relay.load, false);
    await expect(renewal).rejects.toMatchObject({ code: 'not_found' });
    await relays.noteSighting(relay.serverId, { lease: 1, firstSeenAt: 1 });
    expect(await relays.get(relay.serverId)).toBeUndefined();
    expect((await relays.sightings()).has(relay.serverId)).toBe(false);
  });
  test('sightings are kept in the row, and a renewal leaves them', async () => {
    const relays = open();
    const relay = aRelay();
    await relays.register(relay);
    expect((await relays.sightings()).get(relay.serverId)).toBeUndefined();
    await relays.noteSighting(relay.serverId, { lease: 1, firstSeenAt: 77 });
    await relays.renew(relay.serverId, 2, relay.load, false);
    expect((await relays.sightings()).get(relay.serverId)).toEqual({ lease: 1, firstSeenAt: 77 });
    expect(await relays.get(relay.serverId)).toEqual({ ...without(relay), lease: 2 });
  });
};
