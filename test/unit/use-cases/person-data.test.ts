import { newGrantId } from '../../../core/model/ids.ts';
import { forgetPerson, personData } from '../../../core/use-cases/person-data.ts';
import { createWorld, operatorId, otherId, startOfTime } from './world.ts';

const key = (operator: string, name: string) => ({
  fingerprint: `SHA256:${operator}${name}`,
  publicKey: 'ssh-ed25519 AAAA',
  ...{ operator, name, addedAt: startOfTime },
});

const fill = async () => {
  const world = createWorld();
  const { ports } = world;
  for (const operator of [operatorId, otherId]) {
    await ports.operatorKeys.add(key(operator, 'laptop'));
    await ports.operatorKeys.noteSignIn({ id: operator, groups: ['field'], at: startOfTime });
    await ports.grants.put({
      principal: `operator:${operator}`,
      id: newGrantId(ports.random),
      devices: 'pump-*',
      services: ['ssh'],
      createdAt: startOfTime,
      createdBy: otherId,
    } as never);
  }
  const records = Array.from({ length: 250 }, (_, index) => ({ operator: operatorId, seq: index + 1 }));
  const audit = {
    byOperator: async (operator: string, page: { readonly limit: number; readonly cursor?: string | undefined }) => {
      const from = Number(page.cursor ?? 0);
      const rows = records.filter((record) => record.operator === operator).slice(from, from + page.limit);
      return { rows, cursor: rows.length === page.limit ? String(from + page.limit) : undefined } as never;
    },
  };
  return { world, person: () => personData({ ...ports, audit }, operatorId) };
};

test('all that is kept of one person is found, of nobody else, page by page', async () => {
  const { person } = await fill();
  const found = await person();
  expect(found).toMatchObject({ operator: operatorId, signIn: { groups: ['field'] }, tunnels: [] });
  expect(found.keys.map(({ operator }) => operator)).toEqual([operatorId]);
  expect(found.grants.map(({ principal }) => principal)).toEqual([`operator:${operatorId}`]);
  expect(found.audit).toHaveLength(250);
});

test('what lets one in is taken away with its record, and others keep theirs', async () => {
  const { world, person } = await fill();
  await forgetPerson(world.ports, await person());
  expect(await person()).toMatchObject({ keys: [], grants: [] });
  expect(await world.ports.operatorKeys.list(otherId)).toHaveLength(1);
  expect(await world.ports.grants.of([`operator:${otherId}`])).toHaveLength(1);
  expect(world.changes.map(({ kind }) => kind)).toEqual(['operator_key_removed', 'grant_narrowed']);
  expect(world.records.map(({ kind, action }) => `${action} ${kind}`)).toEqual(
    expect.arrayContaining(['key.remove changed', 'grant.remove changed']),
  );
});
