import { parsePattern } from '../../../local/event-sources/event-pattern.ts';
import type { EventSourceMapping } from '../../../local/event-sources/event-source-mapping.ts';
import { type BatchAnswer, type SourceRecord, StreamReader } from '../../../local/event-sources/stream-reader.ts';

const mapping: EventSourceMapping = {
  id: 'm',
  streamArn: 's',
  functionArn: 'f',
  batchSize: 3,
  windowSeconds: 0,
  retries: 2,
  maximumAgeSeconds: -1,
  bisect: false,
  partialFailures: true,
  filters: [],
  enabled: true,
};

const record = (number: number, age = 0): SourceRecord => ({
  dynamodb: { SequenceNumber: String(number), ApproximateCreationDateTime: Date.now() / 1000 - age },
});
const numbers = (records: readonly SourceRecord[]) => records.map((one) => Number(one.dynamodb.SequenceNumber));

const read = async (
  count: number,
  more: Partial<EventSourceMapping>,
  answers: (batch: readonly number[], call: number) => BatchAnswer,
) => {
  const batches: (readonly number[])[] = [];
  const givenUp: [readonly number[], string][] = [];
  const reader = new StreamReader({
    mapping: { ...mapping, ...more },
    invoke: async (records) => answers(numbers(records), batches.push(numbers(records))),
    onGivenUp: (records, reason) => givenUp.push([numbers(records), reason]),
    delay: () => 0,
    signal: new AbortController().signal,
  });
  await reader.read(Array.from({ length: count }, (_, index) => record(index + 1)));
  return { batches, givenUp };
};
const well: BatchAnswer = { answer: null };

describe('a stream reader', () => {
  test('hands over batches in order', async () => {
    expect((await read(7, {}, () => well)).batches).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });

  test('tries again from the first record that the function reports', async () => {
    const { batches, givenUp } = await read(3, {}, (_, call) =>
      call === 1 ? { answer: { batchItemFailures: [{ itemIdentifier: '3' }, { itemIdentifier: '2' }] } } : well,
    );
    expect(batches).toEqual([
      [1, 2, 3],
      [2, 3],
    ]);
    expect(givenUp).toEqual([]);
  });

  test('an answer that names no record of the batch fails all of it', async () => {
    const { batches } = await read(2, { retries: 0 }, () => ({
      answer: { batchItemFailures: [{ itemIdentifier: '' }] },
    }));
    expect(batches).toEqual([[1, 2]]);
  });

  test('without reports of single records an answer is a success', async () => {
    const odd = () => ({ answer: { batchItemFailures: [{ itemIdentifier: '1' }] } });
    expect((await read(2, { partialFailures: false }, odd)).batches).toEqual([[1, 2]]);
  });

  test('gives a batch up after its tries and goes on with the next', async () => {
    const { batches, givenUp } = await read(4, { retries: 1 }, (batch) => (batch.includes(1) ? undefined : well));
    expect(batches).toEqual([[1, 2, 3], [1, 2, 3], [4]]);
    expect(givenUp).toEqual([[[1, 2, 3], 'failed 2 times']]);
  });

  test('halves a batch to find the record that fails', async () => {
    const { batches, givenUp } = await read(3, { bisect: true, retries: 3 }, (batch) =>
      batch.includes(2) ? undefined : well,
    );
    expect(batches).toEqual([[1, 2, 3], [1, 2], [1], [2], [2], [3]]);
    expect(givenUp).toEqual([[[2], 'failed 4 times']]);
  });

  test('gives up records that are too old', async () => {
    const givenUp: string[] = [];
    const seen: number[] = [];
    const reader = new StreamReader({
      mapping: { ...mapping, maximumAgeSeconds: 60 },
      invoke: async (records) => {
        seen.push(...numbers(records));
        return well;
      },
      onGivenUp: (records, reason) => givenUp.push(`${numbers(records)} ${reason}`),
      signal: new AbortController().signal,
    });
    await reader.read([record(1, 61), record(2)]);
    expect({ givenUp, seen }).toEqual({ givenUp: ['1 too old'], seen: [2] });
  });
});

test.each<[string, unknown, boolean]>([
  ['{"eventName":["INSERT","MODIFY"]}', { eventName: 'MODIFY' }, true],
  ['{"eventName":["INSERT"]}', { eventName: 'REMOVE' }, false],
  ['{"dynamodb":{"NewImage":{"state":{"S":["open"]}}}}', { dynamodb: { NewImage: { state: { S: 'open' } } } }, true],
  ['{"a":[{"exists":false}]}', { b: 1 }, true],
  ['{"a":[{"prefix":"x"},{"suffix":"y"}]}', { a: 'zy' }, true],
  ['{"a":[{"anything-but":["x"]}]}', { a: 'x' }, false],
])('pattern %s of %j', (pattern, event, expected) => {
  expect(parsePattern(pattern)(event)).toBe(expected);
});

test('an unknown test in a pattern is an error', () => {
  expect(() => parsePattern('{"a":[{"numeric":[">",1]}]}')).toThrow('the test numeric is not known');
});
