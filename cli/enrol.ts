import { IoTServiceException } from '@aws-sdk/client-iot';
import { createIotControlClient } from '../adapters/iot/control-client.ts';
import { type Arguments, readSettings, runCommand, UsageError, wholeNumber } from './command.ts';
import { openApi } from './fleet/api.ts';
import { openDeviceFolder } from './fleet/device-folder.ts';
import { generateDevices, type ListedDevice, readDeviceList } from './fleet/device-list.ts';
import { enrolDevice } from './fleet/enrol-device.ts';
import { defaultPace, paceBounds, paced } from './fleet/paced.ts';
import { createProgress } from './fleet/progress.ts';

const help = `npx tsx cli/enrol.ts (--from FILE | --prefix NAME --count N) [options]

Enrols devices. For each it makes a key and a certificate request on this machine, has AWS IoT sign it, and creates
the thing with our policy. The key leaves this machine only as you carry it to its device: out/<device>/key.pem.
Run it again after Ctrl-C or a failure: what is done is not done twice.

  --from FILE     a device id a line, or CSV: columns device,attribute,...
  --prefix NAME   generated names: NAME00001, NAME00002, ...
  --count N       how many of them, 1 to 100000
  --out FOLDER    where keys and certificates go (default devices)
  --leave HOURS   no keys here: gives each device leave to come by fleet provisioning within so many hours
  --claim ID      with --leave: only by this claim certificate
  --replace       with --leave: a certificate that is active now may be replaced
  --rate N        devices a second, 1 to 100 (default ${defaultPace.perSecond}, under AWS IoT's quotas)
  --env-file F    settings to use (default .sallyport/fleet.env, where a local system runs)
  --json          one JSON line a device, then one with the sums
  --help

Reads the usual AWS_* variables (role FleetRole of the control stack); with --leave SALLYPORT_API and SALLYPORT_TOKEN.
Exit code 0: all done. 1: some were refused or failed. 2: it could not go on. 130: stopped.`;

const options = {
  from: { type: 'string' },
  prefix: { type: 'string' },
  count: { type: 'string' },
  out: { type: 'string', default: 'devices' },
  leave: { type: 'string' },
  claim: { type: 'string' },
  replace: { type: 'boolean', default: false },
  rate: { type: 'string', default: String(defaultPace.perSecond) },
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;
type Given = Arguments<{ options: typeof options }>['values'];

const devicesOf = async ({ from, prefix, count }: Given): Promise<readonly ListedDevice[]> => {
  if (from !== undefined && prefix === undefined && count === undefined) return await readDeviceList(from);
  if (from === undefined && prefix !== undefined && count !== undefined)
    return generateDevices(prefix, wholeNumber('--count', count, [1, 100_000]));
  throw new UsageError('Give --from FILE, or --prefix NAME and --count N. See --help.');
};

/** What is done for each device, and the word for it. Throws for what is the device's own failure. */
const workOf = (given: Given): ((device: ListedDevice) => Promise<string>) => {
  if (given.leave !== undefined) {
    const hours = wholeNumber('--leave', given.leave, [1, 8_760]);
    const claim = given.claim === undefined ? {} : { claim: given.claim };
    const enrolment = { hours, replace: given.replace, ...claim };
    const api = openApi();
    return async ({ device }) => {
      await api.call('PATCH', `/v1/devices/${encodeURIComponent(device)}`, { enrolment });
      return 'may come';
    };
  }
  if (given.claim !== undefined || given.replace) throw new UsageError('--claim and --replace go with --leave.');
  const client = createIotControlClient({ maxAttempts: 6 });
  return (device) => enrolDevice(client, device, openDeviceFolder(given.out, device.device));
};

/** Whatever befalls one befalls all: no credentials, no rights. */
const isHopeless = (error: unknown): boolean =>
  error instanceof IoTServiceException && /AccessDenied|Unauthorized|UnrecognizedClient|ExpiredToken/.test(error.name);

await runCommand({ help, takes: { options } }, async ({ values: given }, signal) => {
  readSettings(given['env-file']);
  const perSecond = wholeNumber('--rate', given.rate, paceBounds);
  const devices = await devicesOf(given);
  const work = workOf(given);
  const bad = new Set(['refused', 'failed']);
  const progress = createProgress({ total: devices.length, json: given.json, bad });
  const each = async (listed: ListedDevice): Promise<void> => {
    try {
      const outcome = await work(listed);
      const detail =
        outcome === 'refused' ? { detail: 'it has an active certificate from elsewhere; revoke it first' } : {};
      progress.tell({ device: listed.device, outcome, ...detail });
    } catch (error) {
      if (isHopeless(error)) throw error;
      progress.tell({ device: listed.device, outcome: 'failed', detail: String(error) });
    }
  };
  try {
    await paced(devices, each, { pace: { ...defaultPace, perSecond }, signal });
  } finally {
    if (signal.aborted) process.stderr.write('\nStopped. Run the same command again to go on.\n');
  }
  return progress.end() ? 0 : 1;
});
