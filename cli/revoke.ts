import type { Revocation } from '../core/use-cases/revoke-device.ts';
import { readSettings, runCommand, say, UsageError } from './command.ts';
import { openApi } from './fleet/api.ts';

const help = `npx tsx cli/revoke.ts DEVICE... [options]

Takes devices their identity: each is frozen, so that its sessions end within 5 s; its certificates are revoked in AWS
IoT; its MQTT connections are ended.

  --env-file F    settings to use (default .sallyport/fleet.env, where a local system runs)
  --json          one JSON line a device
  --help

Reads SALLYPORT_API and SALLYPORT_TOKEN, an administrator's.
Exit code 0: all done. 1: one was not. 2: it could not go on.`;

const options = {
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

await runCommand({ help, takes: { options, allowPositionals: true } }, async ({ values, positionals }, signal) => {
  if (positionals.length === 0) throw new UsageError('Name the devices. See --help.');
  readSettings(values['env-file']);
  const api = openApi();
  let failed = 0;
  for (const device of positionals) {
    if (signal.aborted) break;
    try {
      const path = `/v1/devices/${encodeURIComponent(device)}/revocation`;
      const { retired, disconnected } = await api.call<Revocation>('POST', path);
      const line = values.json
        ? JSON.stringify({ device, retired, disconnected })
        : `${device}: frozen, ${retired} certificates revoked, ${disconnected} connections ended`;
      say(line);
    } catch (error) {
      failed += 1;
      process.stderr.write(`${device}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return failed === 0 ? 0 : 1;
});
