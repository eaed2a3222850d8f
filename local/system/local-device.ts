import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { devicePolicy, deviceThingType } from '../../core/names.ts';
import { projectRoot } from '../../infra/project-root.ts';
import { type Child, startChild } from '../processes/child.ts';
import type { LocalSystem } from './system.ts';

/** Where a device keeps what proves that it is the one. */
export interface DeviceIdentity {
  readonly id: string;
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** Makes a device known to the cloud, once: a thing, a certificate and its policy. */
export async function enrol(
  system: LocalSystem,
  id: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<DeviceIdentity> {
  // A thing's name may have characters that a file's should not.
  const directory = system.state.file('devices', encodeURIComponent(id));
  const file = (name: string) => join(directory, name);
  const identity = {
    id,
    directory,
    certificate: file('certificate.pem'),
    key: file('key.pem'),
    authority: file('authority.pem'),
  };
  if (existsSync(identity.certificate)) return identity;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { certificate, privateKey } = await system.authority.issueDevice(id.slice(0, 64));
  system.plane.devices.add({
    thingName: id,
    thingTypeName: deviceThingType,
    attributes,
    certificatePem: certificate,
    policyName: devicePolicy,
  });
  writeFileSync(identity.key, privateKey, { mode: 0o600 });
  writeFileSync(identity.authority, system.authority.certificate);
  // Last: where it stands, all is there.
  writeFileSync(identity.certificate, certificate);
  return identity;
}

/** The device's own machine: an SSH server and a web page that only the agent can reach. */
export async function startDemoDevice(
  system: LocalSystem,
  identity: DeviceIdentity,
  authorizedKeys: readonly string[],
): Promise<Child> {
  const keys = join(identity.directory, 'operators');
  writeFileSync(keys, authorizedKeys.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  return await startChild({
    name: `demo device ${identity.id}`,
    script: system.prepared.demoDevice,
    args: ['--name', identity.id, '--directory', identity.directory, '--authorized-keys', keys],
    environment: {},
    onLine: (line) => system.logs.write(`demo-device-${encodeURIComponent(identity.id)}`, line),
  });
}

/** The agent's config for a demo device; `change` replaces parts of it. */
export const agentConfig = (system: LocalSystem, identity: DeviceIdentity, demo: Child, change: object = {}) => ({
  device: identity.id,
  mqtt: {
    host: 'localhost',
    port: system.plane.iot.port,
    certificate: identity.certificate,
    key: identity.key,
    authority: identity.authority,
  },
  services: [
    { name: 'ssh', scheme: 'ssh', port: demo.ready.sshPort },
    { name: 'web', scheme: 'http', port: demo.ready.webPort },
  ],
  hostKeys: [demo.ready.hostKeyFile],
  ...change,
});

/** Runs the agent; it is ready when the cloud has welcomed it. */
export async function startAgent(system: LocalSystem, identity: DeviceIdentity, config: object): Promise<Child> {
  const file = join(identity.directory, 'agent.json');
  writeFileSync(file, `${JSON.stringify(config, undefined, 2)}\n`);
  chmodSync(identity.key, 0o600);
  return await startChild({
    name: `agent of ${identity.id}`,
    script: join(projectRoot, 'dist/agent/main.mjs'),
    args: ['--config', file],
    environment: {},
    nodeOptions: ['--max-semi-space-size=1'],
    // The cloud takes one hello in 10 s of a device: an agent that starts again at once says it twice.
    readyMilliseconds: 40_000,
    onLine: (line) => system.logs.write(`agent-${encodeURIComponent(identity.id)}`, line),
  });
}

/** `<type> <base64>` of the demo device's SSH server. */
export const hostKeyOf = (demo: Child): string =>
  readFileSync(String(demo.ready.hostKeyFile), 'utf8').split(' ').slice(0, 2).join(' ').trim();
