import type { Grant } from '../model/grant.ts';

/** A grant as the API shows it. */
export const grantView = ({ createdAt, endsAt, ...grant }: Grant) => ({
  ...grant,
  createdAt: new Date(createdAt).toISOString(),
  ...(endsAt === undefined ? {} : { endsAt: new Date(endsAt).toISOString() }),
});
export type GrantView = ReturnType<typeof grantView>;
