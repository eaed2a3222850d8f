import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { spread } from './report.ts';

/**
 * The same with stock tools and nothing else: OpenSSH's `ssh -R` to an sshd of this machine, from its start until the
 * port listens. Nobody decides, records or wakes anybody there; a new SSH connection is part of it. Undefined without
 * an sshd. Milliseconds.
 */
export async function measurePeer(runs: number): Promise<ReturnType<typeof spread> | undefined> {
  const program = spawnSync('sh', ['-c', 'command -v sshd || ls /usr/sbin/sshd'], { encoding: 'utf8' }).stdout.trim();
  if (program === '') return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-peer-'));
  const file = (name: string) => join(directory, name);
  for (const key of ['host', 'user']) spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(key)]);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = 26_022;
  const settings = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${file('host')}`,
    `AuthorizedKeysFile ${file('user.pub')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
  ];
  writeFileSync(file('config'), `${settings.join('\n')}\n`);
  const server = spawn(program, ['-D', '-e', '-f', file('config')], { stdio: 'ignore' });
  try {
    await listens(port);
    const times: number[] = [];
    for (let run = 0; run < runs; run += 1) times.push(await forwardOnce({ port, key: file('user') }));
    return spread(times);
  } finally {
    server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function forwardOnce({ port, key }: { readonly port: number; readonly key: string }): Promise<number> {
  const remote = port + 1;
  const quiet = [
    'UserKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=no',
    'ExitOnForwardFailure=yes',
    'LogLevel=ERROR',
  ];
  const options = quiet.flatMap((option) => ['-o', option]);
  const began = performance.now();
  const where = ['-N', '-p', String(port), '-i', key, '-R', `127.0.0.1:${remote}:127.0.0.1:9`];
  const client = spawn('ssh', ['-F', 'none', ...options, ...where, `${userInfo().username}@127.0.0.1`], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => client.once('exit', resolve));
  try {
    await listens(remote);
    return performance.now() - began;
  } finally {
    client.kill();
    await ended;
    await silent(remote);
  }
}

/** Resolves when something takes connections there. */
async function listens(port: number): Promise<void> {
  for (const until = performance.now() + 10_000; !(await answers(port)); )
    if (performance.now() > until) throw new Error(`nothing listens on port ${port}`);
}

async function silent(port: number): Promise<void> {
  while (await answers(port));
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const end = (answer: boolean) => {
      socket.destroy();
      // The next look not at once: it would take the CPU from what is waited for.
      setTimeout(() => resolve(answer), answer ? 0 : 1);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
