import { evaluate } from '../../../local/iot/rule-evaluation.ts';
import { parseStatement } from '../../../local/iot/rule-sql.ts';

const input = (payload: unknown, topic = 'a/b/c') => ({
  topic,
  payload: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  origin: { clientId: 'pump-7', principal: 'abc' },
  now: 1_000,
});

test.each([
  ["SELECT * FROM 'a/#'", { x: 1 }, { x: 1 }],
  ["SELECT * FROM 'a/#'", [1, 2], [1, 2]],
  ["SELECT x, y.z AS deep FROM 'a/#'", { x: 1, y: { z: 2 }, w: 3 }, { x: 1, deep: 2 }],
  [
    "SELECT *, topic(2) AS second, clientid() AS client, principal() AS who, timestamp() AS ts FROM 'a/#'",
    { x: 1 },
    { x: 1, second: 'b', client: 'pump-7', who: 'abc', ts: 1_000 },
  ],
  [
    "SELECT topic() AS whole, topic(9) AS none, 'it''s' AS text, 1.5 AS number, true AS yes FROM 'a/#'",
    'no json',
    { whole: 'a/b/c', text: "it's", number: 1.5, yes: true },
  ],
  ["select missing, toString from 'a/#'", { x: 1 }, {}],
  // The last column of a name wins: identity from the topic cannot be overwritten by a payload.
  ["SELECT *, topic(2) AS operator FROM 'a/#'", { operator: 'forged' }, { operator: 'b' }],
  ['SELECT *', { x: 1 }, { x: 1 }],
  // Whatever the payload says or is, it stays beside what the broker vouches for.
  [
    "SELECT encode(*, 'base64') AS payload, topic(2) AS device FROM 'a/#'",
    'no json, device: "forged"',
    { payload: Buffer.from('no json, device: "forged"').toString('base64'), device: 'b' },
  ],
])('%s', (sql, payload, event) => {
  expect(evaluate(parseStatement(sql), input(payload))).toEqual({ event });
});

test.each([
  ["x = 'a'", { x: 'a' }, true],
  ["x = 'a'", { x: 'b' }, false],
  ["x <> 'a' AND y > 2", { x: 'b', y: 3 }, true],
  ["x != 'a' AND y > 2", { x: 'b', y: 2 }, false],
  ['y >= 2 AND y <= 2 AND y < 3', { y: 2 }, true],
  ["topic(1) = 'a'", {}, true],
  [
    "eventType = 'disconnected' AND clientInitiatedDisconnect = false",
    { eventType: 'disconnected', clientInitiatedDisconnect: false },
    true,
  ],
  ["missing <> 'a'", {}, false],
  ['x > 1', { x: '2' }, false],
])('WHERE %s', (condition, payload, matching) => {
  const result = evaluate(parseStatement(`SELECT * FROM 'a/#' WHERE ${condition}`), input(payload));
  expect(result === 'not_matching').toBe(!matching);
});

test('a payload that is no JSON object cannot be combined with columns', () => {
  expect(evaluate(parseStatement("SELECT * FROM 'a'"), input('not json'))).toEqual({ fault: expect.any(String) });
  const combined = parseStatement("SELECT *, topic(1) AS first FROM 'a'");
  for (const payload of ['not json', '[1]', '"text"', '']) {
    expect(evaluate(combined, input(payload))).toEqual({ fault: expect.any(String) });
  }
});

test('a payload with odd names stays data', () => {
  const { event } = evaluate(parseStatement("SELECT * , 1 AS one FROM 'a'"), input('{"__proto__":{"x":1},"a":2}')) as {
    event: object;
  };
  expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
});

test.each([
  '',
  'SELECT',
  'SELECT * FROM a/b',
  "SELECT VALUE * FROM 'a'",
  "SELECT a.b FROM 'a'",
  "SELECT topic(2) FROM 'a'",
  "SELECT topic(0) AS x FROM 'a'",
  "SELECT topic(x) AS x FROM 'a'",
  "SELECT encode(x, 'base64') AS y FROM 'a'",
  "SELECT encode(*, 'hex') AS y FROM 'a'",
  "SELECT newuuid() AS x FROM 'a'",
  "SELECT x + 1 AS y FROM 'a'",
  "SELECT * FROM 'a' WHERE x = 1 OR y = 2",
  "SELECT * FROM 'a' WHERE NOT x = 1",
  "SELECT * FROM 'a' WHERE x IN [1]",
  "SELECT * FROM 'a' WHERE x",
  "SELECT * FROM 'a' LIMIT 1",
  'SELECT * FROM "a"',
  "SELECT * FROM 'a",
  "SELECT (x) AS y FROM 'a'",
  "SELECT *, FROM 'a'",
  "SET @x = 1 SELECT * FROM 'a'",
])('outside the subset: %s', (sql) => {
  expect(() => parseStatement(sql)).toThrow(/This rule/);
});
