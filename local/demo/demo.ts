import type { DeviceView } from '../../core/wire/device-view.ts';
import { Closers } from '../system/closers.ts';
import { agentConfig, enrol, startAgent, startDemoDevice } from '../system/local-device.ts';
import { type LocalOperator, makeKey, mustCall, registerKey, signIn } from '../system/local-operator.ts';
import { replaceWhatEnds } from '../system/replacements.ts';
import { type LocalSystem, type SystemOptions, startSystem } from '../system/system.ts';
import { writeOperatorFiles } from './operator-files.ts';
import { type Proof, prove } from './proof.ts';

export interface Demo {
  readonly system: LocalSystem;
  readonly device: string;
  /** The device's user that `ssh` logs in as. */
  readonly login: string;
  readonly proof: Proof;
  /** Resolves with what ended when a part that should run has ended by itself. */
  readonly broken: Promise<string>;
  close(): Promise<void>;
}

const device = 'demo-1';
const group = 'support';

/** The system with an operator, a device and a tunnel that was proved. Stops what it started when that fails. */
export async function startDemo(
  options: SystemOptions & { readonly onNotice?: (what: string) => void },
): Promise<Demo> {
  const { onStep = () => undefined, onNotice = () => undefined } = options;
  const closers = new Closers();
  try {
    const system = await startSystem(options);
    closers.add(() => system.close());
    const operator = await signIn(system, 'ada', ['sallyport-admins', group]);
    const keyFile = system.state.file('operator');
    const publicKey = await makeKey(keyFile);
    await admit(operator, keyFile);

    const identity = await enrol(system, device);
    const machine = await startDemoDevice(system, identity, [publicKey]);
    closers.add(() => machine.stop());
    const agent = await startAgent(system, identity, agentConfig(system, identity, machine));
    closers.add(() => agent.stop());
    onStep(`${device}: its agent, an SSH server and a web page`);

    const pinned = await mustCall<DeviceView>(operator, 'GET', `/v1/devices/${device}`);
    writeOperatorFiles(system, operator, keyFile, [pinned]);
    const page = await fetch(`http://127.0.0.1:${machine.ready.webPort}/nonce`);
    const proof = await prove(system, operator, device, (await page.text()).trim());
    onStep(`a tunnel to ${device}`);
    const broken = new Promise<string>((resolve) => {
      for (const { name, exited } of [machine, agent]) void exited.then((why) => resolve(`${name} ended: ${why}`));
      const failed = (error: unknown) => resolve(error instanceof Error ? error.message : String(error));
      const stop = replaceWhatEnds(system.dataPlane, system.routerPort, onNotice, failed);
      closers.add(async () => stop());
    });
    return { system, device, login: String(machine.ready.login), proof, broken, close: () => closers.close() };
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

/** A grant to the group and a key for `ssh -J`. At a second start both are there, and asking again changes nothing. */
async function admit(operator: LocalOperator, keyFile: string): Promise<void> {
  const grant = { principal: `group:${group}`, devices: '*', services: ['*'] };
  await mustCall(operator, 'POST', '/v1/grants', grant, { 'idempotency-key': 'demo' });
  await registerKey(operator, keyFile);
}
