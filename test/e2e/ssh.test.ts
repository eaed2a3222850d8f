import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestSystem, type TestDevice, type TestSystem } from '../support/system.ts';
import { describeWith } from '../support/tools.ts';

// The whole system from the templates, and OpenSSH's own clients at both ends.

describeWith(['ssh', 'scp', 'ssh-keygen', 'sshd'], 'through the whole system, with OpenSSH', () => {
  let system: TestSystem;
  let pump: TestDevice;
  let valve: TestDevice;
  const login = () => String(pump.machine.ready.login);

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
    void valve;
  });
});
