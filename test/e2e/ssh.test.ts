import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustCall } from '../../local/system/local-operator.ts';
import { auditOf, recordThat } from '../support/audit.ts';
import { run } from '../support/run.ts';
import { startTestSystem, type TestDevice, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// The whole system from the templates, and OpenSSH's own clients at both ends.

describeWith(['ssh', 'scp', 'ssh-keygen', 'sshd', 'curl'], 'through the whole system, with OpenSSH', () => {
  let system: TestSystem;
  let pump: TestDevice;
  let valve: TestDevice;
  const login = () => String(pump.machine.ready.login);
  const curl = (host: string, path: string) => {
    const { state, routerPort } = system;
    const trust = ['--cacert', state.file('ca.pem'), '-H', `@${state.file('headers')}`];
    return run('curl', ['-sS', '--fail', ...trust, `https://${host}:${routerPort}${path}`]);
  };

  beforeAll(async () => {
    system = await startTestSystem();
    [pump, valve] = await Promise.all([system.device('pump-7'), system.device('valve-3')]);
    await system.writeSshConfig();
  }, 120_000);
  afterAll(() => system?.stop(), 60_000);

  test('a command runs on a device whose tunnel opens on demand', async () => {
    const { code, out, err } = await system.ssh([
      `${login()}@pump-7.${system.domain}`,
      'echo hello from "$SSH_CONNECTION"',
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    // The device's sshd saw its own agent: nobody else reaches it.
    expect(out).toMatch(/^hello from 127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+\n$/);
  });

  test('its shell has a home of its own, and reads no file of whoever runs it', async () => {
    const { out } = await system.ssh([`${login()}@pump-7.${system.domain}`, 'cd && pwd']);
    expect(out.startsWith(pump.identity.directory)).toBe(true);
  });

  test('200 MB go both ways by scp and arrive as they were', async () => {
    const here = join(system.directory, 'here');
    const there = join(pump.identity.directory, 'there');
    const back = join(system.directory, 'back');
    writeFileSync(here, randomBytes(200_000_000));
    const remote = `${login()}@pump-7.${system.domain}:${there}`;
    expect(await system.scp([here, remote])).toMatchObject({ code: 0 });
    expect(await system.scp([remote, back])).toMatchObject({ code: 0 });
    const sum = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(sum(there)).toBe(sum(here));
    expect(sum(back)).toBe(sum(here));
  }, 120_000);

  test('two devices and two services at once, each its own', async () => {
    const devices = [pump, valve];
    const answers = await Promise.all(
      devices.flatMap((device) => [
        system.ssh([`${login()}@${device.identity.id}.${system.domain}`, 'echo "$SSH_CONNECTION"']),
        curl(`web--${device.identity.id}.${system.domain}`, '/nonce'),
      ]),
    );
    const expected = await Promise.all(
      devices.flatMap(({ machine }) => [
        Promise.resolve(
          expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1 \\d+ 127\\.0\\.0\\.1 ${machine.ready.sshPort}\n$`)),
        ),
        fetch(`http://127.0.0.1:${machine.ready.webPort}/nonce`).then((page) => page.text()),
      ]),
    );
    expect(answers.map(({ out }) => out)).toEqual(expected);
    expect(new Set(answers.map(({ out }) => out)).size).toBe(4);
    expect(answers.map(({ code, err }) => ({ code, err }))).toEqual(answers.map(() => ({ code: 0, err: '' })));
  });

  test('a second tunnel to a device re-uses its session', async () => {
    const more = await Promise.all([system.open('pump-7'), system.open('pump-7', { service: 'web' })]);
    expect(more.map(({ state }) => state)).toEqual(['open', 'open']);
    // Each take is recorded once its tunnel's row says open.
    for (const { id } of more)
      await recordThat(system.ada, 'pump-7', ({ action, tunnel }) => action === 'forward' && tunnel === id);
    const records = await auditOf(system.ada, 'pump-7');
    const allowed = (action: string) => records.filter((one) => one.kind === 'allowed' && one.action === action);
    // Four at least by now, two of them on demand, and one SSH session has carried them all.
    expect(allowed('forward').length).toBeGreaterThanOrEqual(4);
    expect(allowed('dial')).toHaveLength(1);
    const { relays } = await mustCall<{ relays: readonly { serverId: string; load: { sessions: number } }[] }>(
      system.ada,
      'GET',
      '/v1/relays',
    );
    expect(relays).toHaveLength(2);
    expect(relays.reduce((sum, { load }) => sum + load.sessions, 0)).toBeLessThanOrEqual(2);
    expect(new Set(more.map(({ serverId }) => serverId)).size).toBe(1);
  });

  test('every form of name reaches the device by ssh -J', async () => {
    const { id, serverId, port, names } = await system.open('pump-7');
    const { domain } = system;
    expect(names).toEqual([
      `t-${id}.${domain}`,
      `ssh--pump-7.${domain}`,
      `${serverId}.${domain}:${port}`,
      `${port}-${serverId}.${domain}`,
    ]);
    const forms: readonly (readonly string[])[] = [
      [`pump-7.${domain}`],
      ['-p', String(pump.machine.ready.sshPort), `pump-7.${domain}`],
      [`PUMP-7.${domain}`],
      [`ssh--pump-7.${domain}`],
      [`t-${id}.${domain}`],
      ['-p', String(port), `${serverId}.${domain}`],
      [`${port}-${serverId}.${domain}`],
    ];
    // The device's own key stands in known_hosts under its label, and must be the one that is found by every name.
    const alias = ['-o', `HostKeyAlias=pump-7.${domain}`, '-l', login()];
    const ran = await Promise.all(forms.map((form) => system.ssh([...alias, ...form, 'echo "$SSH_CONNECTION"'])));
    const there = expect.stringMatching(new RegExp(` ${pump.machine.ready.sshPort}\n$`));
    expect(ran).toEqual(forms.map(() => ({ code: 0, err: '', out: there })));

    const wrong = await Promise.all(
      [['-p', String(port), `r222222222.${domain}`], [`t-aaaaaaaaaaaaaaaa.${domain}`], [`nobody.${domain}`]].map(
        (form) => system.ssh([...alias, ...form, 'true']),
      ),
    );
    for (const { code, err } of wrong)
      expect({ code, err }).toEqual({ code: 255, err: expect.stringContaining('not_found') });
  });
});
