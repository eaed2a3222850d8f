import { join } from 'node:path';
import { createIotControlClient } from '../adapters/iot/control-client.ts';
import { readSettings, runCommand, say, UsageError, wholeNumber } from './command.ts';
import { adoptDevice } from './fleet/adopt-device.ts';
import { openJournal } from './fleet/journal.ts';
import { defaultPace, paceBounds, paced } from './fleet/paced.ts';
import { createProgress } from './fleet/progress.ts';
import { attachPolicyToGroup, thingsOfGroup } from './fleet/thing-group.ts';

const help = `npx tsx cli/adopt.ts --group NAME [options]

Adopts a fleet that AWS IoT knows already. Nothing is issued anew: the things of a group get our policy beside what they
have, by one call for the whole group. Where an application holds the connection of the thing's name, --exclusive lets
the agent connect beside it as <thing>.sallyport: one paced attachment a device. No connection ends by it.

  --group NAME    the thing group
  --exclusive     also attach each device's certificate exclusively
  --reattach      with --exclusive: where AWS IoT keeps an attachment as it is, detach and attach it
  --notes FOLDER  where it is noted who is done (default .sallyport/adopt); a second run goes on from there
  --rate N        devices a second, 1 to 100 (default ${defaultPace.perSecond}, under AWS IoT's quotas)
  --env-file F    settings to use (default .sallyport/fleet.env, where a local system runs)
  --json          one JSON line a device, then one with the sums
  --help

Reads the usual AWS_* variables (role FleetRole of the control stack).
Exit code 0: all done. 1: some want a look. 2: it could not go on. 130: stopped.`;

const options = {
  group: { type: 'string' },
  exclusive: { type: 'boolean', default: false },
  reattach: { type: 'boolean', default: false },
  notes: { type: 'string', default: '.sallyport/adopt' },
  rate: { type: 'string', default: String(defaultPace.perSecond) },
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

await runCommand({ help, takes: { options } }, async ({ values: given }, signal) => {
  const { group, json } = given;
  if (group === undefined) throw new UsageError('Give --group NAME. See --help.');
  if (given.reattach && !given.exclusive) throw new UsageError('--reattach goes with --exclusive.');
  const pace = { ...defaultPace, perSecond: wholeNumber('--rate', given.rate, paceBounds) };
  readSettings(given['env-file']);
  const client = createIotControlClient({ maxAttempts: 6 });

  const fresh = await attachPolicyToGroup(client, group);
  const said = fresh ? 'has our policy now' : 'had our policy';
  if (json) say(JSON.stringify({ group, policy: fresh ? 'attached' : 'already' }));
  else process.stderr.write(`The group ${group} ${said}.\n`);
  if (!given.exclusive) return 0;

  const journal = openJournal(join(given.notes, encodeURIComponent(group)));
  const bad = new Set(['shared', 'no certificate', 'kept', 'failed']);
  const progress = createProgress({ total: undefined, json, bad });
  const each = async (device: string): Promise<void> => {
    try {
      const outcome = await adoptDevice(client, device, given.reattach);
      if (!bad.has(outcome)) journal.add(device);
      progress.tell({ device, outcome });
    } catch (error) {
      progress.tell({ device, outcome: 'failed', detail: String(error) });
    }
  };
  const left = async function* () {
    for await (const device of thingsOfGroup(client, group)) if (!journal.has(device)) yield device;
  };
  await paced(left(), each, { pace, signal });
  if (signal.aborted) process.stderr.write('\nStopped. Run the same command again to go on.\n');
  return progress.end() ? 0 : 1;
});
