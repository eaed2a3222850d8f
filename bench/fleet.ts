import { mustCall, signIn } from '../local/system/local-operator.ts';
import { startSystem } from '../local/system/system.ts';
import { ownDirectory } from './own-system.ts';
import { printReport, say, spread, table } from './report.ts';
import { seedFleet } from './seed-fleet.ts';

// What 50,000 devices cost whoever looks for some of them, through API and function.

const devices = 50_000;
const runs = 200;
/** Milliseconds, p99. */
const goal = 150;

const own = await ownDirectory();
const system = await startSystem(own.options);
const operator = await signIn(system, 'bench', ['sallyport-admins']);
const name = String(system.plane.outputs['sallyport-local-stateful']?.TableDevices);
const began = performance.now();
await seedFleet(system.plane.dynamodb, name, devices);
const seeded = Math.round(performance.now() - began);
say(`${devices} devices in ${seeded} ms`);

type Page = { readonly devices: readonly { readonly id: string }[]; readonly cursor?: string };
const questions = [
  { what: 'a page of 50', query: (run: number, cursor: string) => (run % 2 === 0 ? '' : `cursor=${cursor}`) },
  { what: 'a prefix', query: (run: number) => `prefix=pump-0${String(run % 500).padStart(3, '0')}` },
  { what: 'an attribute', query: (run: number) => `attribute=site=s${run % 100}` },
] as const;

const figures: ({ readonly what: string } & ReturnType<typeof spread>)[] = [];
for (const { what, query } of questions) {
  const times: number[] = [];
  let cursor = '';
  for (let run = -20; run < runs; run += 1) {
    const start = performance.now();
    const page = await mustCall<Page>(operator, 'GET', `/v1/devices?${query(Math.abs(run), cursor)}`);
    if (run >= 0) times.push(performance.now() - start);
    if (page.devices.length === 0) throw new Error(`${what} found nothing`);
    cursor = page.cursor ?? '';
  }
  figures.push({ what, ...spread(times) });
}
await system.close();
await own.remove();
printReport({ bench: 'fleet', unit: 'ms', devices, runs, goal, seedMilliseconds: seeded, questions: figures }, [
  `${devices} devices, ${runs} runs each; the goal is p99 < ${goal} ms`,
  ...table([['ms', 'p50', 'p99', 'worst'], ...figures.map(({ what, p50, p99, most }) => [what, p50, p99, most])]),
]);
process.exit(0);
