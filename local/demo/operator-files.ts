import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { DeviceView } from '../../core/wire/device-view.ts';
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

function routerHostKeys({ plane }: LocalSystem): readonly string[] {
  const { environment } = containerOf(plane.tasks, 'router').container;
  const secret = plane.secrets.get(environment.SALLYPORT_ROUTER_HOST_KEYS_SECRET ?? '');
  return hostKeys.parse(JSON.parse(plane.secrets.version(secret, {}).value)).keys.map((key) => key.public);
}

/** For `npm run audit:verify`: the rights and the table of the function that shows the records. */
function auditSettings({ plane }: LocalSystem): readonly string[] {
  const reader = plane.functions.all().find(({ logicalId }) => logicalId.startsWith('FunctionsAuditList'));
  if (reader === undefined) throw new Error('the templates have no function that reads the audit records');
  const variables = { ...plane.roles.variables(reader.roleArn, 'audit-verify'), ...reader.environment };
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}
