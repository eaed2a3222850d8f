import { startChain, verifyChain, voidOf } from '../../core/model/audit-chain.ts';
import type { AuditEntry } from '../../core/model/audit-record.ts';
import type { AuditLog, AuditReader } from '../../core/ports/audit-log.ts';
import { anyId, anyOperator, hours, noon } from '../support/rows.ts';
import { forgedCursors, walk } from './each-adapter.ts';

export const auditContract = (open: () => AuditLog & AuditReader): void => {
  const begin = () => {
    const name = `router-${anyId()}`;
    return { name, links: startChain(name) };
  };
  const entry = (parts: Partial<AuditEntry> = {}): AuditEntry => ({ kind: 'allowed', action: 'connect', ...parts });

  test('a chain written in any order is read in order and verifies, with every part', async () => {
    const audit = open();
    const { name, links } = begin();
    const whole = entry({
      ...{ operator: anyOperator(), device: 'pump', tunnel: anyId(), service: 'ssh', way: 'jump' },
      ...{ code: 'x', source: '192.0.2.1', facts: { port: 22, version: 'OpenSSH_9.2' } },
    });
    const records = Array.from({ length: 12 }, (_, at) => links.issue(whole, noon + at));
    await Promise.all([...records].reverse().map((record) => audit.append(record)));
    const read = await walk(5, (page) => audit.chain(name, page));
    expect(read).toEqual(records);
    expect(verifyChain(name, read)).toMatchObject({ sound: true, records: 12 });
  });
  test('empty texts are no obstacle: they are keys of no index', async () => {
    const audit = open();
    const { name, links } = begin();
    await audit.append(links.issue(entry({ operator: '', device: '' }), noon));
    expect((await audit.chain(name, { limit: 5 })).rows).toHaveLength(1);
  });
  test('a record is never overwritten; the same again is a success', async () => {
    const audit = open();
    const { name, links } = begin();
    const record = links.issue(entry(), noon);
    await audit.append(record);
    await audit.append(record);
    const other = startChain(name).issue(entry({ action: 'request' }), noon);
    await expect(audit.append(other)).rejects.toMatchObject({ code: 'conflict' });
    expect((await audit.chain(name, { limit: 5 })).rows).toEqual([record]);
  });
  test('a void takes the place of a record that was not written, and of no other', async () => {
    const audit = open();
    const { name, links } = begin();
    const [first, second, third] = [links.issue(entry(), 1), links.issue(entry(), 2), links.issue(entry(), 3)];
    await audit.append(first);
    await audit.append(third);
    await audit.append(voidOf(second));
    // The write of the first had worked, and only its answer got lost.
    await audit.append(voidOf(first));
    await expect(audit.append(second)).rejects.toMatchObject({ code: 'conflict' });
    const read = (await audit.chain(name, { limit: 5 })).rows;
    expect(read).toEqual([first, voidOf(second), third]);
    expect(verifyChain(name, read)).toMatchObject({ sound: true, voids: 1 });
  });
  test('of one device or operator come newest first, page after page', async () => {
    const audit = open();
    const [device, operator] = [`pump-${anyId()}`, anyOperator()];
    const { links } = begin();
    const records = [5, 1, 3, 3, 2].map((after) => links.issue(entry({ device, operator }), noon + after));
    await audit.append(links.issue(entry({ device: 'other' }), noon));
    for (const record of records) await audit.append(record);
    for (const limit of [1, 2, 50]) {
      for (const rows of [
        await walk(limit, (page) => audit.byDevice(device, page)),
        await walk(limit, (page) => audit.byOperator(operator, page)),
      ]) {
        expect(rows.map(({ at }) => at - noon)).toEqual([5, 3, 3, 2, 1]);
        expect(new Set(rows)).toEqual(new Set(records));
      }
    }
  });
  test('the chains of a day are those that began on it or grew by a mark', async () => {
    const audit = open();
    const [one, other, next] = [begin(), begin(), begin()];
    const year = 2100 + Math.floor(Math.random() * 800);
    const midnight = Date.UTC(year, 0, 2);
    await audit.append(one.links.issue(entry(), midnight));
    await audit.append(one.links.issue(entry(), midnight + 1));
    await audit.append(other.links.issue(entry(), midnight + hours(24) - 1));
    await audit.append(next.links.issue(entry(), midnight + hours(24)));
    const chainsOf = async (day: string) => new Set(await walk(1, (page) => audit.chainsOf(day, page)));
    expect(await chainsOf(`${year}-01-02`)).toEqual(new Set([one.name, other.name]));
    expect(await chainsOf(`${year}-01-03`)).toEqual(new Set([next.name]));
    const nextDay = () => one.links.issue(entry(), midnight + hours(24));
    const [third, fourth] = [nextDay(), nextDay()];
    // The third of a chain is no mark; the fourth is.
    await audit.append(third);
    expect(await chainsOf(`${year}-01-03`)).toEqual(new Set([next.name]));
    await audit.append(fourth);
    expect(await chainsOf(`${year}-01-03`)).toEqual(new Set([one.name, next.name]));
  });
  test('a chain whose first record is gone is still found', async () => {
    const audit = open();
    const { name, links } = begin();
    const year = 2100 + Math.floor(Math.random() * 800);
    const at = Date.UTC(year, 5, 5);
    links.issue(entry(), at);
    await audit.append(links.issue(entry(), at));
    expect(await walk(5, (page) => audit.chainsOf(`${year}-06-05`, page))).toContain(name);
  });
  test('a forged cursor is refused', async () => {
    const audit = open();
    const refused = { code: 'invalid_request', pointer: '/cursor' };
    for (const cursor of forgedCursors) {
      const page = { limit: 3, cursor };
      await expect(audit.byDevice('pump', page)).rejects.toMatchObject(refused);
      await expect(audit.byOperator('o', page)).rejects.toMatchObject(refused);
      await expect(audit.chainsOf('2026-11-21', page)).rejects.toMatchObject(refused);
      await expect(audit.chain('router', page)).rejects.toMatchObject(refused);
    }
  });
};
