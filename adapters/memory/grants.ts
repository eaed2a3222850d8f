import { positions } from '../../core/model/cursor.ts';
import type { Grant } from '../../core/model/grant.ts';
import type { Grants } from '../../core/ports/grants.ts';
import { listPage } from './list-page.ts';

export const createMemoryGrants = (): Grants => {
  const rows = new Map<string, ReadonlyMap<string, Grant>>();
  const ofPrincipal = (principal: string) => rows.get(principal) ?? new Map<string, Grant>();

  return {
    async of(principals) {
      return [...new Set(principals)].flatMap((principal) => [...ofPrincipal(principal).values()]);
    },
    async put(grant) {
      rows.set(grant.principal, new Map([...ofPrincipal(grant.principal), [grant.id, grant]]));
    },
    async get(principal, id) {
      return ofPrincipal(principal).get(id);
    },
    async remove(principal, id) {
      const left = new Map(ofPrincipal(principal));
      const removed = left.delete(id);
      rows.set(principal, left);
      return removed;
    },
    async list(principal, page) {
      return listPage(ofPrincipal(principal).values(), page, { shape: positions.grant, position: (row) => [row.id] });
    },
  };
};
