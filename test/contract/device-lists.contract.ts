import { encodeCursor } from '../../core/model/cursor.ts';
import type { Devices } from '../../core/ports/devices.ts';
import { anyId } from '../support/rows.ts';
import { forgedCursors, walk } from './each-adapter.ts';

export const deviceListsContract = (open: () => Devices): void => {
  const ids = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id);
  const make = async (devices: Devices, prefix: string, count: number): Promise<readonly string[]> => {
    const made = Array.from({ length: count }, (_, index) => `${prefix}${index}-${anyId()}`);
    await Promise.all(made.map((id) => devices.change(id, {})));
    return [...made].sort();
  };

  test('is in order of id through all buckets, page after page, whole rows', async () => {
    const devices = open();
    const prefix = `A${anyId()}:`;
    const made = await make(devices, prefix, 60);
    for (const limit of [1, 7, 59, 60, 100]) {
      const rows = await walk(limit, (page) => devices.list({ ...page, prefix }));
      expect(ids(rows)).toEqual(made);
    }
    const all = ids(await walk(100, (page) => devices.list(page)));
    expect(all).toEqual([...all].sort());
    expect(all).toEqual(expect.arrayContaining([...made]));
  });

  test('by prefix has those alone', async () => {
    const devices = open();
    const common = anyId();
    const [, other] = [await make(devices, `${common}-a`, 5), await make(devices, `${common}-b`, 5)];
    expect(ids(await walk(3, (page) => devices.list({ ...page, prefix: `${common}-b` })))).toEqual(other);
    expect((await devices.list({ limit: 5, prefix: `${common}-c` })).rows).toEqual([]);
  });

  test('by attribute has those that carry it now, page after page', async () => {
    const devices = open();
    const site = anyId();
    const attribute = { name: 'site', value: site };
    const found = async () => ids(await walk(4, (page) => devices.list({ ...page, attribute })));
    const made = await make(devices, anyId(), 12);
    for (const id of made) await devices.change(id, { attributes: { site, 'a.b': 'c=d#1' } });
    const [moved, cleared, kept] = made;
    if (moved === undefined || cleared === undefined || kept === undefined) throw new Error('too few');
    expect(await found()).toEqual(made);
    await devices.change(moved, { attributes: { site: `${site}-other` } });
    await devices.change(cleared, { attributes: {} });
    await devices.change(kept, { frozen: true });
    expect(await found()).toEqual(made.filter((id) => id !== moved && id !== cleared));
    const byOther = { name: 'site', value: `${site}-other` };
    expect(ids((await devices.list({ limit: 9, attribute: byOther })).rows)).toEqual([moved]);
    expect((await devices.list({ limit: 9, attribute: { name: 'no', value: site } })).rows).toEqual([]);
    await devices.change(cleared, { attributes: { site } });
    expect(await found()).toEqual(made.filter((id) => id !== moved));
  });

  test('an attribute whose value looks like another one is not taken for it', async () => {
    const devices = open();
    const [id, value] = [anyId(), anyId()];
    await devices.change(id, { attributes: { n: `${value}#1` } });
    for (const other of [value, `${value}#1#1`])
      expect((await devices.list({ limit: 9, attribute: { name: 'n', value: other } })).rows).toEqual([]);
    expect((await devices.list({ limit: 9, attribute: { name: 'n', value: `${value}#1` } })).rows).toHaveLength(1);
  });

  test('attributes that two administrators set at once are found as the row says in the end', async () => {
    const devices = open();
    const [id, site] = [anyId(), anyId()];
    const values = Array.from({ length: 6 }, (_, index) => `${site}-${index}`);
    await Promise.all(values.map((value) => devices.change(id, { attributes: { site: value } })));
    const now = (await devices.get(id))?.attributes.site;
    for (const value of values) {
      const { rows } = await devices.list({ limit: 9, attribute: { name: 'site', value } });
      expect(ids(rows)).toEqual(value === now ? [id] : []);
    }
  });

  test('a forged cursor is refused, also one outside of the prefix', async () => {
    const devices = open();
    const cursors = [...forgedCursors, encodeCursor(['pump#site']), encodeCursor(['zebra'])];
    for (const cursor of cursors) {
      const listing = devices.list({ limit: 5, cursor, prefix: 'pump' });
      await expect(listing).rejects.toMatchObject({ code: 'invalid_request', pointer: '/cursor' });
    }
  });
};
