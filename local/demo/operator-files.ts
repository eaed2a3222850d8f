import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { tableVariable } from '../../core/names.ts';
import type { DeviceView } from '../../core/wire/device-view.ts';
import type { Outputs } from '../cloudformation/provision.ts';
import { containerOf } from '../system/data-plane.ts';
import type { LocalOperator } from '../system/local-operator.ts';
import type { LocalSystem } from '../system/system.ts';

const hostKeys = z.object({ keys: z.array(z.object({ public: z.string() })) });

/** Writes what a person in a second terminal needs, each readable by nobody else. */
export function writeOperatorFiles(
  system: LocalSystem,
  operator: LocalOperator,
  keyFile: string,
  devices: readonly DeviceView[],
) {
  const { state, domain, routerPort } = system;
  const write = (name: string, lines: readonly string[]) => {
    const file = state.file(name);
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    return file;
  };
  write('token', [operator.token]);
  write('headers', [`Authorization: Bearer ${operator.token}`, 'Content-Type: application/json']);
  write('ca.pem', [system.authority.certificate.trim()]);
  write('aws.env', auditSettings(system));
  write('fleet.env', fleetSettings(system, operator));
  const knownHosts = write('known_hosts', [
    ...routerHostKeys(system).map((key) => `[127.0.0.1]:${routerPort} ${key}`),
    // Pinned by the cloud at the device's first hello: the router could not stand in for the device.
    ...devices.flatMap(({ label, hostKeys: keys }) =>
      keys.map((key) => `${label}.${domain},ssh--${label}.${domain} ${key}`),
    ),
  ]);
  write('ssh_config', [
    'Host sallyport-jump',
    '  HostName 127.0.0.1',
    `  Port ${routerPort}`,
    `Host *.${domain}`,
    '  ProxyJump sallyport-jump',
    'Host *',
    `  IdentityFile "${resolve(keyFile)}"`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile "${resolve(knownHosts)}"`,
    '  StrictHostKeyChecking yes',
  ]);
}

const routerHostKeys = (system: LocalSystem): readonly string[] =>
  hostKeysOf(system, 'router', 'SALLYPORT_ROUTER_HOST_KEYS_SECRET');

/** `<type> <base-64>`: what a stock client on a device must find at the relays. */
export const relayHostKeys = (system: LocalSystem): readonly string[] =>
  hostKeysOf(system, 'relay', 'SALLYPORT_HOST_KEYS_SECRET');

function hostKeysOf({ plane }: LocalSystem, container: string, variable: string): readonly string[] {
  const { environment } = containerOf(plane.tasks, container).container;
  const secret = plane.secrets.get(environment[variable] ?? '');
  return hostKeys.parse(JSON.parse(plane.secrets.version(secret, {}).value)).keys.map((key) => key.public);
}

/** For `npm run audit:verify`: the auditor's rights and the name of the table. */
function auditSettings({ plane }: LocalSystem): readonly string[] {
  const role = outputOf(plane.outputs, 'AuditorRole');
  const variables = {
    ...plane.roles.variables(role, 'audit-verify'),
    [tableVariable('audit')]: outputOf(plane.outputs, 'TableAudit'),
  };
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

/** For the commands that enrol, adopt, revoke and report: the fleet's role, the API and a token. */
export function fleetSettings({ plane, api }: LocalSystem, { token }: LocalOperator): readonly string[] {
  const variables = {
    ...plane.roles.variables(outputOf(plane.outputs, 'FleetRole'), 'fleet'),
    SALLYPORT_API: api,
    SALLYPORT_TOKEN: token,
  };
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function outputOf(outputs: Outputs, name: string): string {
  const stack = Object.values(outputs).find((values) => name in values);
  if (stack === undefined) throw new Error(`no stack has an output ${name}`);
  return String(stack[name]);
}
