import type { MqttClient } from 'mqtt';
import type { Device } from '../../core/model/device.ts';
import { agentClientId } from '../../core/names.ts';
import type { Revocation } from '../../core/use-cases/revoke-device.ts';
import type { DeviceView } from '../../core/wire/device-view.ts';
import { mustCall } from '../../local/system/local-operator.ts';
import { setCertificateStatus } from '../support/certificate-status.ts';
import { asClaim, type KeyAndCertificate, makeClaim, provisionByClaim } from '../support/claim.ts';
import { eventually } from '../support/eventually.ts';
import { asDevice, connectMqtt } from '../support/mqtt-client.ts';
import { start } from '../support/run.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { openSystemStore, type SystemStore } from '../support/system-store.ts';
import { describeWith } from '../support/tools.ts';

describeWith(['ssh', 'ssh-keygen', 'sshd'], "devices' identities", () => {
  let system: TestSystem;
  let store: SystemStore;
  let claim: KeyAndCertificate;
  const clients: MqttClient[] = [];
  const children: { kill(): Promise<void> }[] = [];

  beforeAll(async () => {
    system = await startTestSystem();
    store = await openSystemStore(system);
    claim = await makeClaim(system);
  }, 120_000);
  afterAll(async () => {
    for (const client of clients) await client.endAsync(true);
    for (const child of children) await child.kill();
    await store?.close();
    await system?.stop();
  }, 60_000);

  const connect = async (...args: Parameters<typeof connectMqtt>) => {
    const client = await connectMqtt(...args);
    clients.push(client);
    return client;
  };
  const change = (device: string, body: object) =>
    mustCall<DeviceView>(system.ada, 'PATCH', `/v1/devices/${device}`, body);
  const row = async (id: string) => (await store.rows<Device>('devices')).find((one) => one.id === id);
  /** A shell on the device that lasts until it is cut. */
  const openShell = async (device: string) => {
    await system.writeSshConfig();
    const config = ['-F', system.state.file('ssh_config'), '-o', 'BatchMode=yes'];
    const shell = start('ssh', [...config, `root@${device}.${system.domain}`, 'echo inside; exec cat'], {
      openInput: true,
    });
    children.push(shell);
    await shell.says(/inside/);
    return shell;
  };
  const certificatesOf = (device: string) =>
    system.plane.devices.principalsOf(device).map(({ principal }) => principal.slice(principal.lastIndexOf('/') + 1));

  describe('fleet provisioning', () => {
    test('admits a listed device once, by a certificate over its own key, and then it connects as itself', async () => {
      expect(await provisionByClaim(system, claim, 'press-1')).toEqual({ ok: false, errorCode: 'AccessDenied' });
      await store.record({ kind: 'refused', action: 'device.enrol', device: 'press-1', code: 'not_listed' });
      expect(await change('press-1', { enrolment: { hours: 24 } })).toMatchObject({ enrolment: { replace: false } });

      const first = await provisionByClaim(system, claim, 'press-1');
      if (!first.ok) throw new Error(first.errorCode);
      const record = await store.record({ kind: 'changed', action: 'device.enrol', device: 'press-1' });
      expect(record.facts).toMatchObject({ certificate: first.certificate, claim: claim.id, replaces: 'none' });
      const device = await connect(system, asDevice(first.identity));
      expect(device.connected).toBe(true);

      // Another that calls itself the same: a stolen claim takes nothing over.
      expect(await provisionByClaim(system, claim, 'press-1')).toMatchObject({ ok: false });
      await store.record({ kind: 'refused', action: 'device.enrol', device: 'press-1', code: 'leave_taken' });
      expect(device.connected).toBe(true);
    });

    test('a second certificate replaces the first only where an administrator says so; the first is deactivated', async () => {
      await change('press-2', { enrolment: {} });
      const first = await provisionByClaim(system, claim, 'press-2');
      if (!first.ok) throw new Error(first.errorCode);
      await change('press-2', { enrolment: {} });
      expect(await provisionByClaim(system, claim, 'press-2')).toMatchObject({ ok: false });
      await store.record({ kind: 'refused', action: 'device.enrol', device: 'press-2', code: 'still_active' });

      await change('press-2', { enrolment: { replace: true } });
      const second = await provisionByClaim(system, claim, 'press-2');
      if (!second.ok) throw new Error(second.errorCode);
      expect(system.plane.devices.certificate(first.certificate)).toMatchObject({ status: 'INACTIVE' });
      await expect(connect(system, asDevice(first.identity))).rejects.toThrow();
      // The deactivation is news, too: it ends what stood on the old certificate and leaves the device its new one.
      await store.record({ action: 'device.revoke', device: 'press-2', way: 'registry' });
      expect(await row('press-2')).toMatchObject({ frozen: false });
      await connect(system, asDevice(second.identity));
    });

    test('only by the claim that is named, where one is', async () => {
      const other = await makeClaim(system);
      await change('press-3', { enrolment: { claim: other.id } });
      expect(await provisionByClaim(system, claim, 'press-3')).toMatchObject({ ok: false });
      await store.record({ kind: 'refused', action: 'device.enrol', device: 'press-3', code: 'other_claim' });
      expect(await provisionByClaim(system, other, 'press-3')).toMatchObject({ ok: true });
    });

    test('a claim can do nothing else, and not connect as a device', async () => {
      await expect(connect(system, { ...asClaim(claim, 'x'), clientId: 'press-1' })).rejects.toThrow();
      await expect(connect(system, { ...asClaim(claim, 'x'), clientId: agentClientId('press-1') })).rejects.toThrow();
      const client = await connect(system, asClaim(claim, 'x'));
      const [granted] = await client
        .subscribeAsync('sallyport/v1/devices/press-1/commands')
        .catch(() => [{ qos: 128 }]);
      expect(granted?.qos).toBe(128);
    });
  });

  test('a revoked device loses its live SSH session within 5 s, its MQTT connection, its keys and its certificate', async () => {
    await system.device('pump-1');
    const shell = await openShell('pump-1');
    const [certificate = ''] = certificatesOf('pump-1');
    const began = performance.now();
    const revocation = await mustCall<Revocation>(system.ada, 'POST', '/v1/devices/pump-1/revocation');
    expect(revocation).toMatchObject({ device: 'pump-1', verdict: 'freeze', retired: 1 });
    expect(revocation.disconnected).toBeGreaterThanOrEqual(1);
    await shell.closed;
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(system.plane.devices.certificate(certificate)).toMatchObject({ status: 'REVOKED' });
    const answer = await system.ada.call('POST', '/v1/devices/pump-1/tunnels', { service: 'ssh' });
    expect(answer).toMatchObject({ status: 423, body: { code: 'device_frozen' } });
    await store.record({ kind: 'changed', action: 'device.revoke', device: 'pump-1', way: 'api' });
    // Once more does no harm.
    expect(await mustCall<Revocation>(system.ada, 'POST', '/v1/devices/pump-1/revocation')).toMatchObject({
      retired: 0,
    });
  }, 60_000);

  test('a certificate that is deactivated in AWS IoT itself ends its live SSH session, and the device is frozen', async () => {
    await system.device('pump-2');
    const shell = await openShell('pump-2');
    const [certificate = ''] = certificatesOf('pump-2');
    const began = performance.now();
    await setCertificateStatus(system, certificate, 'INACTIVE');
    await shell.closed;
    expect(performance.now() - began).toBeLessThan(5_000);
    await eventually(async () => ((await row('pump-2'))?.frozen === true ? true : undefined), 'a frozen device');
    await eventually(
      () => (system.plane.iot.getConnection('pump-2').connected ? undefined : true),
      'the end of its connection',
    );
    await store.record({ kind: 'changed', action: 'device.revoke', device: 'pump-2', way: 'registry' });
  }, 60_000);

  test('an application that holds the thing-name connection stays when the agent connects beside it', async () => {
    const { identity, agent, restartAgent } = await system.device('mill-1');
    await agent.stop();
    const application = await connect(system, asDevice(identity));
    const thrownOff: string[] = [];
    application.on('disconnect', ({ reasonCode }) => void thrownOff.push(`disconnect ${reasonCode}`));
    application.on('close', () => void thrownOff.push('close'));

    await restartAgent({ clientId: agentClientId('mill-1') });
    expect(system.plane.iot.getConnection(agentClientId('mill-1'))).toMatchObject({ connected: true });
    // It works beside it: commands go to the client id that the hello announced.
    expect(await system.open('mill-1')).toMatchObject({ state: 'open' });
    const answered = new Promise<void>((resolve) => application.once('packetreceive', () => resolve()));
    application.sendPing();
    await answered;
    expect(thrownOff).toEqual([]);
    expect(application.connected).toBe(true);
    expect(system.plane.iot.getConnection('mill-1')).toMatchObject({ connected: true });
  }, 60_000);
});
