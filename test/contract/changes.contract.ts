import type { ChangeWhat } from '../../core/model/change.ts';
import type { Changes } from '../../core/ports/changes.ts';
import { anyId, noon } from '../support/rows.ts';

export const changesContract = (open: () => Changes): void => {
  test('all of a later time come, of every shard, each once, in order of time', async () => {
    const changes = open();
    const begin = noon + Math.floor(Math.random() * 1_000_000_000);
    const order = Array.from({ length: 40 }, (_, index) => (index * 17) % 40);
    for (const after of order) await changes.append({ kind: 'device_frozen', device: `pump-${after}` }, begin + after);
    const all = await changes.since(begin - 1);
    expect(all.map(({ at }) => at - begin)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(new Set(all.map(({ id }) => id)).size).toBe(40);
    expect((await changes.since(begin + 30)).map(({ at }) => at - begin)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39]);
    expect(await changes.since(begin + 39)).toEqual([]);
  });
  test('each kind is read back as it was written', async () => {
    const changes = open();
    const at = noon + 2_000_000_000 + Math.floor(Math.random() * 1_000_000_000);
    const kinds: readonly ChangeWhat[] = [
      { kind: 'tunnel_closed', tunnel: anyId(), device: 'pump', reason: 'idle' },
      { kind: 'tunnel_changed', tunnel: anyId(), device: 'pump' },
      { kind: 'device_frozen', device: 'pump' },
      { kind: 'device_keys', device: 'pump' },
      { kind: 'grant_narrowed', principal: 'group:a' },
      { kind: 'operator_key_removed', operator: 'o', fingerprint: 'SHA256:x' },
      { kind: 'device_changed', device: 'pump' },
      { kind: 'watched', subject: 'pump', until: noon },
    ];
    for (const [index, what] of kinds.entries()) await changes.append(what, at + index);
    const read = await changes.since(at - 1);
    expect(read.map(({ id: _id, at: _at, ...what }) => what)).toEqual(kinds);
  });
};
