import { type PortClaim, restMilliseconds } from '../../core/model/port-claim.ts';
import type { PortClaims } from '../../core/ports/port-claims.ts';
import { anyId, anyServerId, hours, noon } from '../support/rows.ts';
import { race } from './each-adapter.ts';

const aClaim = (parts: Partial<PortClaim> = {}): PortClaim => ({
  port: 5_000,
  space: anyServerId(),
  tunnel: anyId(),
  restUntil: noon + hours(1) + restMilliseconds,
  ...parts,
});

export const portClaimsContract = (open: () => PortClaims): void => {
  const won = async (claims: PortClaims, parts: Partial<PortClaim> = {}): Promise<PortClaim> => {
    const claim = aClaim(parts);
    expect(await claims.claim(claim, noon)).toEqual({ ok: true, row: claim });
    return claim;
  };

  test('an absent one may be claimed, and is read back; the same port in another space is another', async () => {
    const claims = open();
    const claim = await won(claims);
    expect(await claims.get(claim.port, claim.space)).toEqual(claim);
    expect(await claims.get(claim.port, '*')).not.toEqual(claim);
    expect(await claims.get(claim.port + 1, claim.space)).toBeUndefined();
    await won(claims, { port: claim.port });
  });

  test('one that rests is lost to every other tunnel to the last millisecond, and the row stays', async () => {
    const claims = open();
    const row = await won(claims);
    const other = { ...row, tunnel: anyId(), restUntil: noon + hours(9) };
    expect(await claims.claim(other, row.restUntil - 1)).toEqual({ ok: false, lost: 'lost', row });
    expect(await claims.get(row.port, row.space)).toEqual(row);
  });

  test('one past its rest may be claimed, though its row is still there', async () => {
    const claims = open();
    const row = await won(claims);
    const other = { ...row, tunnel: anyId(), restUntil: noon + hours(9) };
    expect(await claims.claim(other, row.restUntil)).toEqual({ ok: true, row: other });
    expect(await claims.get(row.port, row.space)).toEqual(other);
  });

  test("a tunnel's own may be claimed again, and its rest only grows", async () => {
    const claims = open();
    const row = await won(claims);
    const longer = { ...row, restUntil: row.restUntil + 1 };
    expect(await claims.claim(longer, noon)).toEqual({ ok: true, row: longer });
    expect(await claims.claim(row, noon)).toEqual({ ok: true, row: longer });
    expect(await claims.get(row.port, row.space)).toEqual(longer);
  });

  test('of 50 racers one wins', async () => {
    const claims = open();
    const claim = aClaim();
    const racers = Array.from({ length: 50 }, () => ({ ...claim, tunnel: anyId() }));
    const winners = await race(50, (racer) => claims.claim(racers[racer] ?? claim, noon));
    expect(winners).toHaveLength(1);
    expect(await claims.get(claim.port, claim.space)).toEqual(racers[winners[0] ?? -1]);
  });

  test('extend makes the rest later, never earlier, of the own row alone', async () => {
    const claims = open();
    const row = await won(claims);
    const later = { ...row, restUntil: row.restUntil + hours(1) };
    expect(await claims.extend(later)).toEqual({ ok: true, row: later });
    expect(await claims.extend(row)).toEqual({ ok: true, row: later });
    expect(await claims.extend({ ...later, tunnel: anyId() })).toEqual({ ok: false, lost: 'lost', row: later });
    expect(await claims.extend(aClaim())).toEqual({ ok: false, lost: 'lost', row: undefined });
    expect(await claims.get(row.port, row.space)).toEqual(later);
  });

  test('rest may be earlier, of the own row alone', async () => {
    const claims = open();
    const row = await won(claims);
    const earlier = { ...row, restUntil: noon + restMilliseconds };
    expect(await claims.rest({ ...earlier, tunnel: anyId() })).toEqual({ ok: false, lost: 'lost', row });
    expect(await claims.rest(earlier)).toEqual({ ok: true, row: earlier });
    expect(await claims.rest(aClaim())).toEqual({ ok: false, lost: 'lost', row: undefined });
    await won(claims, { ...earlier });
  });

  test('release deletes the own row alone', async () => {
    const claims = open();
    const row = await won(claims);
    await claims.release(row.port, row.space, anyId());
    expect(await claims.get(row.port, row.space)).toEqual(row);
    await claims.release(row.port, row.space, row.tunnel);
    expect(await claims.get(row.port, row.space)).toBeUndefined();
    await claims.release(row.port, row.space, row.tunnel);
  });

  test('a space lists the rows of the ports asked for, by port, also more than one batch', async () => {
    const claims = open();
    const { space } = aClaim();
    for (const port of [5_230, 5_001, 64_999]) await won(claims, { port, space });
    await won(claims, { port: 5_002 });
    const ports = [64_999, 5_001, 5_001, ...Array.from({ length: 250 }, (_, index) => 5_000 + index)];
    expect((await claims.listSpace(space, ports)).map(({ port }) => port)).toEqual([5_001, 5_230, 64_999]);
    expect(await claims.listSpace(space, [])).toEqual([]);
    expect(await claims.listSpace(anyServerId(), ports)).toEqual([]);
  });
};
