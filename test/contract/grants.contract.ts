import type { Grants } from '../../core/ports/grants.ts';
import { aGrant, anyId, noon } from '../support/rows.ts';
import { forgedCursors, walk } from './each-adapter.ts';

export const grantsContract = (open: () => Grants): void => {
  const principalOf = () => `group:${anyId()}`;

  test('is read back as it was put, with every optional part', async () => {
    const grants = open();
    const grant = aGrant({ attributes: { site: 'north' }, logins: ['root'], endsAt: noon });
    await grants.put(grant);
    expect(await grants.get(grant.principal, grant.id)).toEqual(grant);
    expect(await grants.get(grant.principal, anyId())).toBeUndefined();
    expect(await grants.get(principalOf(), grant.id)).toBeUndefined();
  });
  test('of several principals come all, of nobody none, ended ones too', async () => {
    const grants = open();
    const [one, other] = [principalOf(), principalOf()];
    const made = [aGrant({ principal: one, endsAt: 1 }), aGrant({ principal: one }), aGrant({ principal: other })];
    for (const grant of made) await grants.put(grant);
    await grants.put(aGrant());
    const found = await grants.of([one, other, one, principalOf()]);
    expect(found).toHaveLength(3);
    expect(new Set(found)).toEqual(new Set(made));
    expect(await grants.of([])).toEqual([]);
  });
  test('removed is gone at once, and only once', async () => {
    const grants = open();
    const grant = aGrant();
    await grants.put(grant);
    expect(await grants.remove(grant.principal, anyId())).toBe(false);
    expect(await grants.remove(grant.principal, grant.id)).toBe(true);
    expect(await grants.remove(grant.principal, grant.id)).toBe(false);
    expect(await grants.of([grant.principal])).toEqual([]);
  });
  test('lists in order of id, page after page, and refuses a forged cursor', async () => {
    const grants = open();
    const principal = principalOf();
    const made = Array.from({ length: 5 }, () => aGrant({ principal }));
    for (const grant of made) await grants.put(grant);
    const sorted = [...made].sort((one, other) => (one.id < other.id ? -1 : 1));
    for (const limit of [1, 2, 5, 9]) expect(await walk(limit, (page) => grants.list(principal, page))).toEqual(sorted);
    for (const cursor of forgedCursors)
      await expect(grants.list(principal, { limit: 2, cursor })).rejects.toMatchObject({ code: 'invalid_request' });
  });
};
