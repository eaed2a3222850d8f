import { readSettings, runCommand, say, wholeNumber } from './command.ts';
import { openApi } from './fleet/api.ts';
import { readDeviceList } from './fleet/device-list.ts';
import { eachDevice, type Heard, heardOf } from './fleet/hello-report.ts';

const help = `npx tsx cli/fleet-report.ts [options]

Says which devices have said hello, page by page through the API. Devices that are heard of are counted; the others are
named, each with its last hello.

  --expect FILE   devices that ought to be there: a device id a line, or the CSV that enrolled them
  --prefix TEXT   only devices whose id begins so
  --since HOURS   a hello older than this does not count, 1 to 8760 (default 24)
  --env-file F    settings to use (default .sallyport/fleet.env, where a local system runs)
  --json          one JSON line a device, then one with the sums
  --help

Reads SALLYPORT_API and SALLYPORT_TOKEN, an administrator's.
Exit code 0: all have said hello. 1: some have not. 2: it could not be read. 130: stopped.`;

const options = {
  expect: { type: 'string' },
  prefix: { type: 'string' },
  since: { type: 'string', default: '24' },
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

await runCommand({ help, takes: { options } }, async ({ values: given }, signal) => {
  const since = Date.now() - wholeNumber('--since', given.since, [1, 8_760]) * 3_600_000;
  const missing = new Set(
    given.expect === undefined ? [] : (await readDeviceList(given.expect)).map(({ device }) => device),
  );
  const onlyExpected = given.expect === undefined ? undefined : new Set(missing);
  readSettings(given['env-file']);
  const api = openApi();
  const counts: Record<Heard, number> = { heard: 0, quiet: 0, silent: 0, frozen: 0 };
  const tell = (device: string, outcome: Heard, helloAt?: string): void => {
    counts[outcome] += 1;
    if (given.json) say(JSON.stringify({ device, outcome, ...(helloAt ? { helloAt } : {}) }));
    else if (outcome !== 'heard') say(`${outcome.padEnd(7)} ${device}${helloAt ? ` ${helloAt}` : ''}`);
  };
  for await (const view of eachDevice(api, given.prefix)) {
    if (signal.aborted) return 130;
    if (onlyExpected?.has(view.id) === false) continue;
    missing.delete(view.id);
    tell(view.id, heardOf(view, since), view.helloAt);
  }
  for (const device of missing) tell(device, 'silent');
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (given.json) say(JSON.stringify({ total, ...counts }));
  else
    say(
      `${counts.heard} of ${total} said hello since ${new Date(since).toISOString()}; ${counts.quiet} before that, ${counts.silent} never, ${counts.frozen} are frozen`,
    );
  return counts.heard === total ? 0 : 1;
});
