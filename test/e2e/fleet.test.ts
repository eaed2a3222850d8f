import { deviceIdOf, seedFleet } from '../../bench/seed-fleet.ts';
import { bucketCount } from '../../core/names.ts';
import { mustCall } from '../../local/system/local-operator.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

// What looking for devices asks of the table, in a fleet of 50,000: the same as in a small one. Times are for the bench.

const fleet = 50_000;
const limit = 50;

/** One call of the table: its operation, and how many rows it read. */
interface Asked {
  readonly operation: string;
  readonly rows: number;
}

type Page = { readonly devices: readonly { readonly id: string }[]; readonly cursor?: string };

describe(`a fleet of ${fleet.toLocaleString('en')} devices`, () => {
  let system: TestSystem;

  beforeAll(async () => {
    system = await startTestSystem({ relayCount: 1 });
    const table = String(system.plane.outputs['sallyport-local-stateful']?.TableDevices);
    await seedFleet(system.plane.dynamodb, table, fleet);
  }, 120_000);
  afterAll(() => system?.stop(), 60_000);

  /** Asks the API, and tells what that cost. */
  const look = async (query: string): Promise<{ readonly page: Page; readonly asked: readonly Asked[] }> => {
    const asked: Asked[] = [];
    const stop = system.plane.endpoint.follow(({ service, operation, callerArn, reply }) => {
      if (service !== 'dynamodb' || !callerArn.includes('FunctionsDeviceListRole')) return;
      const { ScannedCount = 0, Responses = {} } = JSON.parse(String(reply.body)) as {
        readonly ScannedCount?: number;
        readonly Responses?: Readonly<Record<string, readonly unknown[]>>;
      };
      asked.push({ operation, rows: ScannedCount + Object.values(Responses).flat().length });
    });
    try {
      return { page: await mustCall<Page>(system.ada, 'GET', `/v1/devices?limit=${limit}&${query}`), asked };
    } finally {
      stop();
    }
  };

  /** One query of each bucket, none for more than a page, and one read of the rows that are shown. */
  const expectBounded = (asked: readonly Asked[], shown: number) => {
    const queries = asked.filter(({ operation }) => operation === 'Query');
    expect(asked.map(({ operation }) => operation).sort()).toEqual([
      'BatchGetItem',
      ...Array.from({ length: bucketCount }, () => 'Query'),
    ]);
    expect(Math.max(...queries.map(({ rows }) => rows))).toBeLessThanOrEqual(limit);
    expect(asked.find(({ operation }) => operation === 'BatchGetItem')?.rows).toBe(shown);
  };

  test('shows a page, and the page after it, in order and for the same price', async () => {
    const first = await look('');
    expect(first.page.devices.map(({ id }) => id)).toEqual(Array.from({ length: limit }, (_, at) => deviceIdOf(at)));
    expectBounded(first.asked, limit);
    const second = await look(`cursor=${first.page.cursor}`);
    expect(second.page.devices[0]?.id).toBe(deviceIdOf(limit));
    expectBounded(second.asked, limit);
  });

  test('is searched by prefix without reading more than is shown', async () => {
    const { page, asked } = await look('prefix=pump-04999');
    expect(page.devices.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, at) => deviceIdOf(49_990 + at)));
    expect(page.cursor).toBeUndefined();
    expectBounded(asked, 10);
    expect(asked.reduce((sum, { rows }) => sum + rows, 0)).toBe(20);
  });

  test('is filtered by attribute, however many devices have another value', async () => {
    const { page, asked } = await look('attribute=site=s7');
    expect(page.devices.slice(0, 3).map(({ id }) => id)).toEqual([7, 107, 207].map(deviceIdOf));
    expectBounded(asked, limit);
  });

  test('is never read as a whole', async () => {
    const { asked } = await look('');
    expect(asked.some(({ operation }) => operation === 'Scan')).toBe(false);
    expect(asked.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThanOrEqual((bucketCount + 1) * limit);
  });
});
