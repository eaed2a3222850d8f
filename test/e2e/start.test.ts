import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TunnelView } from '../../core/wire/tunnel-view.ts';
import { checkPorts, portsFrom } from '../../local/system/local-ports.ts';
import { run, start } from '../support/run.ts';
import { describeWith, findTool } from '../support/tools.ts';

// What `npm start` runs, as a person runs it.

const program = ['run', '-s', 'start', '--'] as const;
const state = mkdtempSync(join(tmpdir(), 'sallyport-start-'));
const begun: ReturnType<typeof start>[] = [];
afterAll(() => {
  // What a failed test left.
  for (const { child } of begun)
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGKILL');
  rmSync(state, { recursive: true, force: true });
});

/** The first of 1000 ports of which ours are free now. */
const freeBase = async (from: number): Promise<number> => {
  for (let base = from; base <= 64_000; base += 1_000) {
    const free = await checkPorts(portsFrom(base)).then(
      () => true,
      () => false,
    );
    if (free) return base;
  }
  throw new Error('no free ports');
};

/** This process, its children and theirs. */
const family = (pid: number): readonly number[] => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
};
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
const mainOf = (pids: readonly number[]): number => pids.find((pid) => commandOf(pid).includes('dist/local.mjs')) ?? 0;
const isThere = (pid: number): boolean => readdirSync('/proc').includes(String(pid));

type Ready = {
  readonly api: string;
  readonly routerPort: number;
  readonly proof: { readonly nonce: string; readonly tunnel: string; readonly serverId: string };
  readonly commands: readonly string[];
};
const begin = async (base: number) => {
  const system = start('npm', [...program, '--json', '--state', state, '--ports', String(base)], { ownGroup: true });
  begun.push(system);
  const [line = ''] = await system.says(/\{"event":"ready".*\}\n/);
  return { system, ready: JSON.parse(line) as Ready };
};

describeWith(['ssh', 'scp', 'ssh-keygen', 'sshd', 'curl'], 'npm start', () => {
  test('proves a tunnel, its commands work as printed, and it stops without a trace; a second start knows all', async () => {
    const base = await freeBase(30_000);
    const first = await begin(base);
    expect(first.ready.proof).toMatchObject({
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      serverId: expect.stringMatching(/^r[a-z2-7]{9}$/),
    });
    const outputs = [];
    for (const command of first.ready.commands) outputs.push(await run('sh', ['-c', command]));
    expect(outputs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const [api, ssh, , web] = outputs.map(({ out }) => out);
    expect(JSON.parse(api ?? '')).toMatchObject({ device: 'demo-1', service: 'ssh' });
    expect(ssh).toBe((await run('uname', ['-a'])).out);
    expect(web).toContain(first.ready.proof.nonce);

    const verified = await run('npm', ['run', '-s', 'audit:verify', '--', '--env-file', join(state, 'aws.env')]);
    expect(verified.out).toMatch(/^\d+ chains, \d+ records checked .*, 0 not sound/);

    const all = family(first.system.child.pid ?? 0);
    expect(all.length).toBeGreaterThan(6);
    process.kill(-(first.system.child.pid ?? 0), 'SIGINT');
    expect(await first.system.closed).toBe(0);
    expect(all.filter(isThere)).toEqual([]);

    const second = await begin(base);
    const [asked] = second.ready.commands;
    const headers = `@${join(state, 'headers')}`;
    const known = await run('curl', [
      '-s',
      '-H',
      headers,
      `${second.ready.api}/v1/tunnels/${first.ready.proof.tunnel}`,
    ]);
    expect((JSON.parse(known.out) as TunnelView).id).toBe(first.ready.proof.tunnel);
    expect(asked).toBe(first.ready.commands[0]);
    expect(second.ready.proof.serverId).not.toBe(first.ready.proof.serverId);

    const relays = family(second.system.child.pid ?? 0).filter((pid) => commandOf(pid).includes('dist/relay/main.mjs'));
    process.kill(relays[0] ?? 0, 'SIGKILL');
    await second.system.says(/relay at 127\.0\.1\.\d ended \(SIGKILL\): another takes its place/);
    await second.system.says(/relay at 127\.0\.1\.\d runs again/);
    expect(await run('sh', ['-c', second.ready.commands[1] ?? ''])).toMatchObject({ code: 0 });

    // Whatever ends the parent, its children do not outlive it.
    const children = family(second.system.child.pid ?? 0);
    process.kill(mainOf(children), 'SIGKILL');
    await Promise.all(children.map(gone));
    await second.system.closed;
  }, 120_000);

  test('says which port is taken and what to do', async () => {
    const base = await freeBase(40_000);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(base + 443, '127.0.0.1', resolve));
    const { code, err } = await run('npm', [...program, '--state', state, '--ports', String(base)]);
    holder.close();
    expect(code).toBe(1);
    expect(err).toBe(
      `cannot listen on 127.0.0.1:${base + 443} (the router): the port is taken; stop what holds it, or choose another port: --ports BASE moves them all\n`,
    );
  });

  test('names every tool that is missing, and the package that brings it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-path-'));
    symlinkSync(findTool('ssh') ?? '', join(folder, 'ssh'));
    const { code, err } = await run(process.execPath, ['dist/local.mjs', '--state', state], { env: { PATH: folder } });
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(err).toMatch(/^missing: scp, ssh-keygen\. Install OpenSSH.*apt-get install openssh-client\n$/);
  });

  test('tells its options, and refuses what it does not know', async () => {
    const help = await run('npm', [...program, '--help']);
    expect(help).toMatchObject({ code: 0, out: expect.stringContaining('--fresh') });
    expect(await run('npm', [...program, '--port', '1'])).toMatchObject({ code: 2 });
    expect(await run('npm', [...program, '--ports', '80'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--ports 80: give a multiple of 1000'),
    });
  });
});

/** Resolves when the process has gone. `tail` waits for a process that is nobody's child here. */
const gone = (pid: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const watcher = spawn('tail', ['--pid', String(pid), '-s', '0.05', '-f', '/dev/null']);
    watcher.once('exit', () => resolve());
    watcher.once('error', reject);
  });
