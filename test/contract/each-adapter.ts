import type { TableNoun } from '../../core/names.ts';
import { startTables, type Tables } from '../support/dynamodb.ts';

/** Runs a port's contract on the memory adapter, and on the DynamoDB adapter against the stand-in. */
export const onEachAdapter = <Port>(
  noun: TableNoun,
  adapters: {
    readonly memory: () => Port;
    readonly dynamodb: (options: ReturnType<Tables['options']>) => Port;
  },
  contract: (open: () => Port) => void,
): void => {
  describe('memory', () => contract(adapters.memory));
  describe('dynamodb', () => {
    let tables: Tables;
    beforeAll(async () => {
      tables = await startTables();
    });
    afterAll(() => tables.close());
    contract(() => adapters.dynamodb(tables.options(noun)));
  });
};

/** So many want the same thing at once; answers who won. */
export const race = async (
  racers: number,
  run: (racer: number) => Promise<{ readonly ok: boolean } | boolean>,
): Promise<readonly number[]> => {
  const results = await Promise.all(Array.from({ length: racers }, (_, racer) => run(racer)));
  return results.flatMap((result, racer) => ((typeof result === 'boolean' ? result : result.ok) ? [racer] : []));
};

/** Every row of a list, page after page of the given size. */
export const walk = async <Row>(
  limit: number,
  list: (page: { readonly limit: number; readonly cursor?: string | undefined }) => Promise<{
    readonly rows: readonly Row[];
    readonly cursor?: string | undefined;
  }>,
): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit, cursor });
    expect(page.rows.length).toBeLessThanOrEqual(limit);
    rows.push(...page.rows);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return rows;
};

/** Cursors that nobody was given. */
export const forgedCursors = [
  '',
  'x',
  '{}',
  Buffer.from('{}').toString('base64url'),
  Buffer.from('[]').toString('base64url'),
  Buffer.from('[{"S":"a"}]').toString('base64url'),
  Buffer.from('["a","b","c","d"]').toString('base64url'),
  Buffer.from('[-1,-1,-1]').toString('base64url'),
  Buffer.from('[""]').toString('base64url'),
  Buffer.from(`["${'a'.repeat(2_000)}"]`).toString('base64url'),
] as const;
