import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceView } from '../../core/wire/device-view.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { writeOperatorFiles } from '../../local/demo/operator-files.ts';
import type { Child } from '../../local/processes/child.ts';
import {
  agentConfig,
  type DeviceIdentity,
  enrol,
  startAgent,
  startDemoDevice,
} from '../../local/system/local-device.ts';
import { type LocalOperator, makeKey, mustCall, registerKey, signIn } from '../../local/system/local-operator.ts';
import { anyPorts } from '../../local/system/local-ports.ts';
import { LogFiles } from '../../local/system/log-files.ts';
import { takeStateDirectory } from '../../local/system/state-directory.ts';
import { type LocalSystem, type SystemOptions, startSystem } from '../../local/system/system.ts';
import { preparedOnce } from './prepared-once.ts';
import { type Ran, run } from './run.ts';

export interface TestDevice {
  readonly identity: DeviceIdentity;
  readonly machine: Child;
  readonly agent: Child;
  /** The agent again, with other settings if any are given. */
  restartAgent(change?: object): Promise<Child>;
}

/** A whole system on free ports with an administrator `ada` who holds an SSH key and may reach every device. */
export interface TestSystem extends LocalSystem {
  readonly directory: string;
  readonly ada: LocalOperator;
  readonly keyFile: string;
  /** An enrolled device whose machine and agent run; the agent is welcome when this resolves. */
  device(id: string, change?: object): Promise<TestDevice>;
  /** Writes `ssh_config` and `known_hosts` anew, with the host keys of all devices of this test. */
  writeSshConfig(): Promise<void>;
  /** OpenSSH's own clients with that config. */
  ssh(args: readonly string[], input?: string): Promise<Ran>;
  scp(args: readonly string[]): Promise<Ran>;
  /** Requests a tunnel and waits until it is open. */
  open(device: string, request?: object): Promise<TunnelView>;
  stop(): Promise<void>;
}

export async function startTestSystem(options: Partial<SystemOptions> = {}): Promise<TestSystem> {
  const prepared = await preparedOnce();
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-system-'));
  const logs = new LogFiles(join(directory, 'logs'));
  const state = takeStateDirectory(join(directory, 'state'));
  const system = await startSystem({ prepared, ports: anyPorts, state, logs, ...options });
  const ada = await signIn(system, 'ada', ['sallyport-admins']);
  const keyFile = state.file('operator');
  const publicKey = await makeKey(keyFile);
  await registerKey(ada, keyFile);
  await mustCall(ada, 'POST', '/v1/grants', { principal: 'group:sallyport-admins', devices: '*', services: ['*'] });
  const devices: TestDevice[] = [];
  const agents: Child[] = [];
  const config = ['-F', state.file('ssh_config')];

  return {
    ...system,
    directory,
    ada,
    keyFile,
    async device(id, change = {}) {
      const identity = await enrol(system, id);
      const machine = await startDemoDevice(system, identity, [publicKey]);
      const start = async (settings: object) => {
        const agent = await startAgent(system, identity, agentConfig(system, identity, machine, settings));
        agents.push(agent);
        return agent;
      };
      const device = { identity, machine, agent: await start(change), restartAgent: (other = change) => start(other) };
      devices.push(device);
      return device;
    },
    async writeSshConfig() {
      const views = devices.map(({ identity }) =>
        mustCall<DeviceView>(ada, 'GET', `/v1/devices/${encodeURIComponent(identity.id)}`),
      );
      writeOperatorFiles(system, ada, keyFile, await Promise.all(views));
    },
    ssh: (args, input) => run('ssh', [...config, '-o', 'BatchMode=yes', ...args], input === undefined ? {} : { input }),
    scp: (args) => run('scp', ['-q', ...config, '-o', 'BatchMode=yes', ...args]),
    async open(device, request = { service: 'ssh' }) {
      const path = `/v1/devices/${encodeURIComponent(device)}/tunnels`;
      const { id } = await mustCall<TunnelView>(ada, 'POST', path, request);
      return await mustCall<TunnelView>(ada, 'GET', `/v1/tunnels/${id}?wait=20`);
    },
    async stop() {
      await Promise.all(agents.map((agent) => agent.stop()));
      await Promise.all(devices.map(({ machine }) => machine.stop()));
      await system.close();
      await logs.close();
      state.release();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What a part of the system logged so far. */
export const logOf = (system: TestSystem, name: string): string => readFileSync(system.logs.path(name), 'utf8');
