import { jsonLog } from '../../../agent/log.ts';

test('one line of JSON, in which nobody else can write a line or move a cursor', () => {
  const lines: string[] = [];
  const log = jsonLog(
    (line) => void lines.push(line),
    () => 0,
  );
  log('warn', 'relay.closed', { why: 'a\nb\u001b[2J\u202e', tries: 3, whole: true, long: 'x'.repeat(10_000) });
  expect(lines).toHaveLength(1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  expect(line).toMatchObject({
    ...{ time: '1970-01-01T00:00:00.000Z', level: 'warn', event: 'relay.closed' },
    ...{ why: 'a\\u{a}b\\u{1b}[2J\\u{202e}', tries: 3, whole: true },
  });
  expect(lines[0]?.length).toBeLessThan(800);
  expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
});
