import type { Change } from '../../core/model/change.ts';
import type { Changes } from '../../core/ports/changes.ts';

export const createMemoryChanges = (): Changes => {
  let rows: readonly Change[] = [];

  return {
    async append(what, at) {
      const id = `${String(at).padStart(13, '0')}-${String(rows.length).padStart(16, '0')}`;
      rows = [...rows, { ...what, id, at }];
    },
    async since(at) {
      return rows.filter((row) => row.at > at).sort((one, other) => (one.id < other.id ? -1 : 1));
    },
  };
};
