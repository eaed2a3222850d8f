import type { DeviceView } from '../../core/wire/device-view.ts';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { mustCall } from '../../local/system/local-operator.ts';
import { recordThat } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { connectOperator, endOf, type OperatorMqtt } from '../support/operator-mqtt.ts';
import { start } from '../support/run.ts';
import { logOf, startTestSystem, type TestDevice, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// How tunnels end, as an operator learns of it: in the API, on their MQTT topic and in the audit log.

describeWith(['ssh', 'ssh-keygen', 'sshd'], 'a tunnel ends with its own reason', () => {
  let system: TestSystem;
  let pump: TestDevice;
  let valve: TestDevice;
  let ada: OperatorMqtt;
  /** Asked for at the start, for the least that can be asked: a minute. */
  let short: TunnelView;
  let idle: TunnelView;

  beforeAll(async () => {
    system = await startTestSystem();
    [pump, valve] = await Promise.all([system.device('pump-7'), system.device('valve-3')]);
    await system.writeSshConfig();
    ada = await connectOperator(system, system.ada);
    short = await system.open('pump-7', { service: 'ssh', ttlSeconds: 60, idleSeconds: 0 });
    idle = await system.open('pump-7', { service: 'web', idleSeconds: 10 });
  }, 120_000);
  afterAll(async () => {
    await ada?.close();
    await system?.stop();
  }, 60_000);

  const through = (tunnel: TunnelView, command: string) => [
    ...['-o', `HostKeyAlias=${tunnel.device}.${system.domain}`, '-l', String(pump.machine.ready.login)],
    ...[`t-${tunnel.id}.${system.domain}`, command],
  ];
  const view = (tunnel: TunnelView) => mustCall<TunnelView>(system.ada, 'GET', `/v1/tunnels/${tunnel.id}`);

  /** All three places tell the same, and nobody gets in any more. */
  const expectEnded = async (tunnel: TunnelView, reason: string) => {
    const told = await ada.event(endOf(({ id }) => id === tunnel.id));
    expect(told.tunnel).toMatchObject({ state: 'closed', reason, device: tunnel.device, operator: ada.operator });
    const seen = await view(tunnel);
    expect(seen).toMatchObject({ state: 'closed', reason, closedAt: told.tunnel.closedAt });
    expect(seen.serverId).toBeUndefined();
    const record = await recordThat(
      system.ada,
      tunnel.device,
      ({ kind, action, tunnel: of }) => kind === 'ended' && action === 'tunnel' && of === tunnel.id,
    );
    expect(record).toMatchObject({ code: reason, operator: ada.operator, service: tunnel.service });
    // Told once: no part of the system closes what another has closed.
    const ends = ada.heard.filter(endOf(({ id }) => id === tunnel.id)).map((event) => event.tunnel.reason);
    expect(new Set(ends)).toEqual(new Set([reason]));
    const { code, err } = await system.ssh(through(tunnel, 'true'));
    expect({ code, err }).toEqual({ code: 255, err: expect.stringContaining('tunnel_closed') });
  };

  test('DELETE cuts what runs in it within 5 s', async () => {
    const tunnel = await system.open('pump-7');
    const stream = start('ssh', [
      ...['-F', system.state.file('ssh_config'), '-o', 'BatchMode=yes'],
      ...through(tunnel, 'echo running; exec sleep 60'),
    ]);
    await stream.says(/running/);
    const asked = performance.now();
    const answer = await mustCall<TunnelView>(system.ada, 'DELETE', `/v1/tunnels/${tunnel.id}`);
    expect(answer).toMatchObject({ state: 'closed', reason: 'operator' });
    expect(await stream.closed).toBe(255);
    expect(performance.now() - asked).toBeLessThan(5_000);
    await expectEnded(tunnel, 'operator');
    // The others of the same device go on in the same session.
    expect(await view(short)).toMatchObject({ state: 'open' });
    // Again it answers what was.
    expect(await mustCall<TunnelView>(system.ada, 'DELETE', `/v1/tunnels/${tunnel.id}`)).toMatchObject({
      reason: 'operator',
    });
  });

  test('the agent stops, and says so of each tunnel', async () => {
    const tunnels = await Promise.all([system.open('valve-3'), system.open('valve-3', { service: 'web' })]);
    await valve.agent.stop();
    for (const tunnel of tunnels) await expectEnded(tunnel, 'device');
    expect((await view(tunnels[0] ?? short)).detail).toBe('the agent stops');
  });

  test('nobody uses it for its idle limit', async () => {
    await expectEnded(idle, 'idle');
    // The agent lets go by its own clock, for the relay has no word for it: what it holds counts against its limit.
    const dropped = new RegExp(`"tunnel.dropped".*${idle.id}.*"reason":"idle"`);
    await eventually(() => dropped.exec(logOf(system, 'agent-pump-7')) ?? undefined, 'the agent to let go');
  }, 30_000);

  /** Asks for a tunnel that cannot be; answers the problem and how long that took, ms. */
  const refusalOf = async (device: string) => {
    const asked = performance.now();
    const { status, body } = await system.ada.call('POST', `/v1/devices/${device}/tunnels`, { service: 'web' });
    return { status, body, took: performance.now() - asked };
  };
  /** The row that was made for it: closed at once. */
  const expectRefused = async (device: string, reason: string) => {
    const told = await ada.event(endOf((tunnel) => tunnel.device === device && tunnel.reason === reason));
    expect(await view(told.tunnel)).toMatchObject({ state: 'closed', reason });
    await recordThat(
      system.ada,
      device,
      ({ kind, tunnel, code }) => kind === 'ended' && tunnel === told.tunnel.id && code === reason,
    );
  };
  const presenceOf = (device: string) => mustCall<DeviceView>(system.ada, 'GET', `/v1/devices/${device}?presence=true`);

  test('the device is offline, which is said at once', async () => {
    const { presence, helloAt } = await presenceOf('valve-3');
    expect(presence).toMatchObject({ connected: false });
    const { status, body, took } = await refusalOf('valve-3');
    expect({ status, body }).toEqual({
      status: 503,
      body: expect.objectContaining({ code: 'device_offline', retry: true, lastSeenAt: helloAt }),
    });
    expect(took).toBeLessThan(1_000);
    await expectRefused('valve-3', 'device_offline');
    const jumped = await system.ssh([`root@valve-3.${system.domain}`, 'true']);
    expect(jumped).toMatchObject({ code: 255, err: expect.stringContaining('device_offline') });
  });

  test("the device's connection lingers dead, which takes one time-out and not two", async () => {
    expect(system.plane.iot.pauseDelivery('pump-7')).toBe(true);
    expect((await presenceOf('pump-7')).presence).toMatchObject({ connected: true });
    const { status, body, took } = await refusalOf('pump-7');
    expect({ status, body }).toEqual({
      status: 504,
      body: expect.objectContaining({ code: 'device_silent', retry: true, lastSeenAt: expect.any(String) }),
    });
    // The broker waits 4 s for the device's word.
    expect(took).toBeGreaterThan(3_500);
    expect(took).toBeLessThan(7_500);
    await expectRefused('pump-7', 'device_silent');
    expect(system.plane.iot.resumeDelivery('pump-7')).toBe(true);
  }, 20_000);

  test('its time is over', async () => {
    // Held open all the time: use does not prolong it.
    const stream = start('ssh', [
      ...['-F', system.state.file('ssh_config'), '-o', 'BatchMode=yes'],
      ...through(short, 'echo running; exec sleep 120'),
    ]);
    await stream.says(/running/);
    expect(await stream.closed).toBe(255);
    await expectEnded(short, 'expired');
    const { createdAt, closedAt } = await view(short);
    const lived = Date.parse(closedAt ?? '') - Date.parse(createdAt);
    expect(lived).toBeGreaterThanOrEqual(60_000);
    expect(lived).toBeLessThan(65_000);
  }, 90_000);
});
