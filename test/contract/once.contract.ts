import type { Once, OnceNote } from '../../core/ports/once.ts';
import { anyId, noon } from '../support/rows.ts';
import { race } from './each-adapter.ts';

export const onceContract = (open: () => Once): void => {
  const aNote = (parts: Partial<OnceNote> = {}): OnceNote => ({
    key: anyId(),
    value: anyId(),
    endsAt: noon + 1_000,
    ...parts,
  });
  const claimed = async (once: Once, parts: Partial<OnceNote> = {}): Promise<OnceNote> => {
    const note = aNote(parts);
    expect(await once.claim(note, noon)).toEqual({ ok: true, row: note });
    return note;
  };

  test('a note may be taken once, and the loser is told what stands', async () => {
    const once = open();
    const row = await claimed(once);
    expect(await once.claim(aNote({ key: row.key }), row.endsAt - 1)).toEqual({ ok: false, lost: 'lost', row });
    expect(await once.get(row.key, noon)).toEqual(row);
  });
  test('an ended one may be taken again, though its row is still there', async () => {
    const once = open();
    const { key, endsAt } = await claimed(once);
    expect(await once.get(key, endsAt - 1)).toBeDefined();
    expect(await once.get(key, endsAt)).toBeUndefined();
    const next = aNote({ key, endsAt: endsAt + 1_000 });
    expect(await once.claim(next, endsAt)).toEqual({ ok: true, row: next });
  });
  test('of 50 racers one wins, also for an ended one', async () => {
    const once = open();
    const { key, endsAt } = await claimed(once);
    const winners = await race(50, () => once.claim(aNote({ key, endsAt: endsAt + 1 }), endsAt));
    expect(winners).toHaveLength(1);
  });
  test('replace needs the expected value', async () => {
    const once = open();
    const note = await claimed(once);
    const next = { ...note, value: 'done', endsAt: noon + 9_000 };
    expect(await once.replace(next, 'other')).toBe(false);
    expect(await once.get(note.key, noon)).toEqual(note);
    expect(await once.replace(next, note.value)).toBe(true);
    expect(await once.get(note.key, noon)).toEqual(next);
    expect(await once.replace(aNote(), 'x')).toBe(false);
  });
  test('of 50 spenders one spends, and it is gone', async () => {
    const once = open();
    const { key, value } = await claimed(once);
    expect(await once.spend(key, 'other', noon)).toBe(false);
    expect(await race(50, () => once.spend(key, value, noon))).toHaveLength(1);
    expect(await once.get(key, noon)).toBeUndefined();
    expect(await once.spend(key, value, noon)).toBe(false);
  });
  test('an ended one cannot be spent, though its row is still there', async () => {
    const once = open();
    const { key, value, endsAt } = await claimed(once);
    expect(await once.spend(key, value, endsAt)).toBe(false);
    expect(await once.spend(key, value, endsAt - 1)).toBe(true);
  });
};
