import { createMemoryPortClaims } from '../../../adapters/memory/port-claims.ts';
import { countClaims } from '../../../core/use-cases/count-claims.ts';

test('the share of tries that meet a taken port is the share of the space that is taken', async () => {
  const counts = new Map<string, number>();
  const claims = countClaims(createMemoryPortClaims(), {
    count: (name, by, labels) => {
      const key = `${name} ${labels?.space}`;
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
  });
  const claim = { port: 5_000, space: '*', tunnel: 't-one', restUntil: 100 };
  expect(await claims.claim(claim, 1)).toMatchObject({ ok: true });
  expect(await claims.claim({ ...claim, tunnel: 't-two' }, 2)).toMatchObject({ ok: false });
  expect(await claims.claim({ ...claim, space: 'r1' }, 3)).toMatchObject({ ok: true });
  expect(await claims.get(5_000, '*')).toMatchObject({ tunnel: 't-one' });
  expect(Object.fromEntries(counts)).toEqual({
    'port_claim_tries shared': 2,
    'port_claim_collisions shared': 1,
    'port_claim_tries own': 1,
    'port_claim_collisions own': 0,
  });
});
