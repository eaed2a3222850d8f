import { positions } from '../../core/model/cursor.ts';
import type { Grant } from '../../core/model/grant.ts';
import { keepMilliseconds } from '../../core/model/tunnel.ts';
import type { Grants } from '../../core/ports/grants.ts';
import { present } from './conditions.ts';
import { purgeAtOf } from './purge-at.ts';
import { queryAll, queryPage } from './query.ts';
import { openTable, type TableOptions } from './table.ts';

type GrantRow = Grant & { readonly purgeAt?: number };

const grantOfRow = ({ purgeAt: _purgeAt, ...grant }: GrantRow): Grant => grant;

/** All reads are consistent: a grant that was taken away counts no longer. Ended ones are kept as long as tunnels are. */
export const createDynamoGrants = (options: TableOptions): Grants => {
  const table = openTable<GrantRow>(options);
  const listingOf = (principal: string) => ({ partition: ['principal', principal] }) as const;

  return {
    async of(principals) {
      const unique = [...new Set(principals)];
      const found = await Promise.all(unique.map((principal) => queryAll<GrantRow>(table, listingOf(principal))));
      return found.flat().map(grantOfRow);
    },
    async put(grant) {
      const purge = grant.endsAt === undefined ? {} : { purgeAt: purgeAtOf(grant.endsAt + keepMilliseconds) };
      await table.put({ ...grant, ...purge });
    },
    async get(principal, id) {
      const row = await table.get({ principal, id });
      return row === undefined ? undefined : grantOfRow(row);
    },
    remove: (principal, id) => table.remove({ principal, id }, present('id')),
    async list(principal, page) {
      const order = { shape: positions.grant, position: ['id'] };
      const { rows, cursor } = await queryPage<GrantRow>(table, listingOf(principal), page, order);
      return { rows: rows.map(grantOfRow), cursor };
    },
  };
};
