import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

export interface DemoSshServer {
  readonly port: number;
  /** `<type> <base-64>`: what an operator should find at the other end. */
  readonly hostKeyFile: string;
  /** The only login: the user who runs this. */
  readonly login: string;
  close(): Promise<void>;
}

const startMilliseconds = 5_000;
const searchPath = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;

/** Debian's own sshd, for this user only, with keys only. Throws where OpenSSH's server is not installed. */
export const startSshServer = async (options: {
  readonly directory: string;
  /** Lines of an authorized_keys file. */
  readonly authorizedKeys: readonly string[];
}): Promise<DemoSshServer> => {
  const found = spawnSync('sh', ['-c', 'command -v sshd'], {
    env: { ...process.env, PATH: searchPath },
    encoding: 'utf8',
  });
  const program = found.stdout.trim();
  if (program === '') throw new Error('sshd is missing: install it with `apt-get install openssh-server`');
  const file = (name: string) => join(options.directory, name);
  const login = userInfo().username;
  const hostKey = file('ssh_host_ed25519_key');
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'demo-device', '-f', hostKey], { input: 'n\n' });
  writeFileSync(file('authorized_keys'), options.authorizedKeys.map((line) => `${line.trim()}\n`).join(''), {
    mode: 0o600,
  });
  // Started by root it separates privileges and wants this directory, which only its service would make.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });

  const port = await freePort();
  writeFileSync(
    file('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      // The only one of these paths in which sshd expands tokens.
      `AuthorizedKeysFile ${file('authorized_keys').replaceAll('%', '%%')}`,
      `AllowUsers ${login}`,
      'PidFile none',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      // The directory belongs to a project, not to a home.
      'StrictModes no',
      'MaxStartups 100',
      // A device has a home of its own: its shell reads no file of whoever runs this.
      `SetEnv HOME=${options.directory}`,
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  );
  const server = spawn(program, ['-D', '-e', '-f', file('sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(server);
  return {
    port,
    hostKeyFile: `${hostKey}.pub`,
    login,
    close: () =>
      new Promise((resolve) => {
        if (server.exitCode !== null || server.signalCode !== null) return resolve();
        server.once('exit', () => resolve());
        server.kill('SIGTERM');
      }),
  };
};

/** sshd cannot be given port 0. Between this and its start somebody could take the port; then it says so and ends. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const listening = (server: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    let settled = false;
    const settle = (why?: string) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (why === undefined) return resolve();
      server.kill('SIGKILL');
      reject(new Error(`sshd of the demo device: ${why}: ${said.trim()}`));
    };
    const timer = setTimeout(() => settle('it did not start in time'), startMilliseconds);
    server.on('error', (error) => settle(error.message));
    server.once('exit', () => settle('it ended'));
    server.stderr?.on('data', (chunk: Buffer) => {
      if (settled) return;
      said = `${said}${chunk.toString('utf8')}`.slice(-2_000);
      if (said.includes('Server listening on')) settle();
    });
  });
