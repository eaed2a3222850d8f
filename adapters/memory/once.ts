import type { Once, OnceNote } from '../../core/ports/once.ts';

/** Ended notes stay until they are claimed again, as they do in a table until TTL comes by. */
export const createMemoryOnce = (): Once => {
  const rows = new Map<string, OnceNote>();
  const alive = (key: string, now: number): OnceNote | undefined => {
    const row = rows.get(key);
    return row !== undefined && now < row.endsAt ? row : undefined;
  };

  return {
    async claim(note, now) {
      const row = alive(note.key, now);
      if (row !== undefined) return { ok: false, lost: 'lost', row };
      rows.set(note.key, note);
      return { ok: true, row: note };
    },
    async replace(note, expected) {
      if (rows.get(note.key)?.value !== expected) return false;
      rows.set(note.key, note);
      return true;
    },
    async get(key, now) {
      return alive(key, now);
    },
    async spend(key, value, now) {
      return alive(key, now)?.value === value && rows.delete(key);
    },
  };
};
