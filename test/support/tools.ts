import { spawnSync } from 'node:child_process';

/** Which Debian package brings a tool. */
const packages: Readonly<Record<string, string>> = {
  ssh: 'openssh-client',
  scp: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
  dbclient: 'dropbear-bin',
  dropbearkey: 'dropbear-bin',
  mosquitto: 'mosquitto',
  curl: 'curl',
};

/** Server programs live where an ordinary user's PATH does not look. */
const searchPath = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;

/** The full path of a tool, or undefined. */
export const findTool = (name: string): string | undefined => {
  const found = spawnSync('sh', ['-c', `command -v ${name}`], {
    env: { ...process.env, PATH: searchPath },
    encoding: 'utf8',
  });
  return found.status === 0 ? found.stdout.trim() : undefined;
};

/**
 * `describe` that needs tools of the machine. Where one is missing the tests are skipped loudly, saying which package
 * brings it; with CI set they fail, for CI must not skip.
 */
export const describeWith = (tools: readonly string[], name: string, body: () => void): void => {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const advice = `needs ${missing.join(', ')}: apt-get install ${[...new Set(missing.map((tool) => packages[tool] ?? tool))].join(' ')}`;
  if (process.env.CI !== undefined) {
    test(`${name} ${advice}`, () => {
      throw new Error(advice);
    });
    return;
  }
  process.stderr.write(`\nSKIPPED: ${name}: ${advice}\n`);
  describe.skip(`${name} (${advice})`, body);
};
