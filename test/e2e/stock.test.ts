import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { basicIngest, rules, topics } from '../../core/names.ts';
import type { DeviceView } from '../../core/wire/device-view.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { relayHostKeys } from '../../local/demo/operator-files.ts';
import type { Child } from '../../local/processes/child.ts';
import { type DeviceIdentity, enrol, hostKeyOf, startDemoDevice } from '../../local/system/local-device.ts';
import { makeKey, mustCall } from '../../local/system/local-operator.ts';
import { asDevice, connectMqtt } from '../support/mqtt-client.ts';
import { run, start } from '../support/run.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// OpenSSH and dropbear as devices, with no agent: through the balancer to a relay, and an operator to them by ssh -J.

interface StockDevice {
  readonly identity: DeviceIdentity;
  readonly machine: Child;
  /** The client's own public key, as a line of authorized_keys. */
  readonly key: string;
  /** Command, arguments and environment that ask for this tunnel. */
  dial(tunnel: string): readonly [string, readonly string[], { readonly env: NodeJS.ProcessEnv }];
}

describeWith(['ssh', 'ssh-keygen', 'sshd', 'dbclient', 'dropbearkey'], 'a stock SSH client as device', () => {
  let system: TestSystem;
  const machines: Child[] = [];

  beforeAll(async () => {
    system = await startTestSystem();
    await system.writeSshConfig();
  }, 120_000);
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
    await system?.stop();
  }, 60_000);

  const prepare = async (id: string) => {
    const identity = await enrol(system, id);
    const operators = await makeKey(system.keyFile);
    const machine = await startDemoDevice(system, identity, [operators]);
    machines.push(machine);
    return { identity, machine };
  };
  const forward = (tunnel: string, machine: Child) => `${tunnel}:0:127.0.0.1:${machine.ready.sshPort}`;

  const clients = {
    /** The command of the README, with the relays' host keys pinned. */
    async openssh(id: string): Promise<StockDevice> {
      const { identity, machine } = await prepare(id);
      const file = join(identity.directory, 'stock');
      const trusted = join(identity.directory, 'relays');
      writeFileSync(
        trusted,
        relayHostKeys(system)
          .map((key) => `[127.0.0.1]:${system.relayPort} ${key}\n`)
          .join(''),
      );
      const options = ['BatchMode=yes', 'ExitOnForwardFailure=yes', 'ServerAliveInterval=10', 'IdentitiesOnly=yes'];
      const trust = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${trusted}`];
      const fixed = [...options, ...trust].flatMap((option) => ['-o', option]);
      return {
        ...{ identity, machine, key: await makeKey(file) },
        dial: (tunnel) => [
          'ssh',
          [
            ...['-F', 'none', '-N', ...fixed, '-i', file, '-p', String(system.relayPort)],
            ...['-R', forward(tunnel, machine), `${id}@127.0.0.1`],
          ],
          { env: process.env },
        ],
      };
    },
    async dropbear(id: string): Promise<StockDevice> {
      const { identity, machine } = await prepare(id);
      const file = join(identity.directory, 'stock');
      const { out } = await run('dropbearkey', ['-t', 'ed25519', '-f', file]);
      // It reads this file only, and knows no ports in it.
      mkdirSync(join(identity.directory, '.ssh'));
      const trusted = relayHostKeys(system).map((key) => `127.0.0.1 ${key}\n`);
      writeFileSync(join(identity.directory, '.ssh', 'known_hosts'), trusted.join(''));
      return {
        ...{ identity, machine, key: /^ssh-ed25519 \S+/m.exec(out)?.[0] ?? '' },
        dial: (tunnel) => [
          'dbclient',
          [
            ...['-N', '-K', '10', '-o', 'ExitOnForwardFailure=yes', '-i', file, '-p', String(system.relayPort)],
            ...['-R', forward(tunnel, machine), `${id}@127.0.0.1`],
          ],
          { env: { ...process.env, HOME: identity.directory } },
        ],
      };
    },
  };

  const introductions = {
    async 'registered by an administrator'({ identity, machine, key }: StockDevice) {
      const services = [{ name: 'ssh', scheme: 'ssh', port: machine.ready.sshPort }];
      await mustCall(system.ada, 'PATCH', `/v1/devices/${identity.id}`, { keys: [key], services });
    },
    /** All that the device ever says: one message with its certificate, and then it is gone again. */
    async 'announced by one MQTT message'({ identity, machine, key }: StockDevice) {
      const client = await connectMqtt(system, asDevice(identity));
      const welcomed = new Promise<string>((resolve) => {
        client.once('message', (_topic, payload) => resolve(payload.toString('utf8')));
      });
      const services = [{ name: 'ssh', scheme: 'ssh', port: machine.ready.sshPort }];
      const hello = { v: 1, type: 'hello', key, stock: true, services, agent: '', hostKeys: [hostKeyOf(machine)] };
      const topic = basicIngest(rules.deviceEvents, topics.events(identity.id));
      await client.publishAsync(topic, JSON.stringify(hello), { qos: 1 });
      expect(JSON.parse(await welcomed)).toMatchObject({ type: 'welcome', relay: { port: system.relayPort } });
      await client.endAsync();
    },
  };

  test.each([
    ['openssh', 'registered by an administrator'],
    ['openssh', 'announced by one MQTT message'],
    ['dropbear', 'registered by an administrator'],
    ['dropbear', 'announced by one MQTT message'],
  ] as const)(
    '%s, its key %s',
    async (client, introduction) => {
      const device = await clients[client](`${client}-${introduction.split(' ')[0]}`);
      const { id } = device.identity;
      const unknown = await run(...device.dial('a'.repeat(16)));
      expect(unknown.code).not.toBe(0);
      await introductions[introduction](device);

      const request = { service: 'ssh', deliver: false };
      const { id: tunnel, state } = await mustCall<TunnelView>(
        system.ada,
        'POST',
        `/v1/devices/${id}/tunnels`,
        request,
      );
      expect(state).toBe('requested');
      const dialled = start(...device.dial(tunnel));
      const opened = await mustCall<TunnelView>(system.ada, 'GET', `/v1/tunnels/${tunnel}?wait=20`);
      expect(opened).toMatchObject({ id: tunnel, state: 'open', confirmed: false, port: expect.any(Number) });
      // Both clients say which port they were given, which is the operator's.
      await dialled.says(new RegExp(`Allocated port ${opened.port} for remote forward`, 'i'));

      const trusted = join(device.identity.directory, 'trusted');
      writeFileSync(trusted, `${id} ${hostKeyOf(device.machine)}\n`);
      const alias = ['-o', `UserKnownHostsFile=${trusted}`, '-o', `HostKeyAlias=${id}`];
      const user = ['-l', String(device.machine.ready.login)];
      for (const name of [`t-${tunnel}`, id, `ssh--${id}`]) {
        const ran = await system.ssh([...alias, ...user, `${name}.${system.domain}`, 'echo "$SSH_CONNECTION"']);
        const there = expect.stringMatching(new RegExp(` ${device.machine.ready.sshPort}\\n$`));
        expect(ran).toEqual({ code: 0, err: '', out: there });
      }
      const { keys } = await mustCall<DeviceView>(system.ada, 'GET', `/v1/devices/${id}`);
      expect(keys).toEqual({ stock: [expect.stringMatching(/^SHA256:/)] });

      // Closed for the operator it is closed for the device: no second dial has it.
      await mustCall(system.ada, 'DELETE', `/v1/tunnels/${tunnel}`);
      await dialled.kill();
      expect((await run(...device.dial(tunnel))).code).not.toBe(0);
    },
    60_000,
  );
});
