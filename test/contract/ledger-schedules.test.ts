import { startTables, type Tables } from '../support/dynamodb.ts';
import { createDynamoStore } from '../support/dynamodb-store.ts';
import { hours, noon } from '../support/rows.ts';
import { checkSchedules, runsOf } from '../support/schedules.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

test('under random schedules of single requests the ledger keeps every promise in DynamoDB', async () => {
  // The tables are shared by all runs, so each begins when everything of the one before has long rested.
  const farApart = hours(24 * 365);
  const open = (run: number) => ({ store: createDynamoStore(tables), begin: noon + run * farApart });
  await checkSchedules(runsOf(200), open, { shrink: false });
}, 180_000);
