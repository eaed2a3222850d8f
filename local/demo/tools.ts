import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where daemons are, which is not in everybody's PATH. */
const daemonFolders = ['/usr/sbin', '/usr/local/sbin'];
const packageOf = {
  ssh: 'openssh-client',
  scp: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sshd: 'openssh-server',
};

/** @throws Error that names every tool that is missing and how to get it */
export function checkTools(path = process.env.PATH ?? ''): void {
  const folders = [...path.split(':').filter(Boolean), ...daemonFolders];
  const missing = Object.entries(packageOf).filter(
    ([tool]) => !folders.some((folder) => isProgram(join(folder, tool))),
  );
  if (missing.length === 0) return;
  const tools = missing.map(([tool]) => tool).join(', ');
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  throw new Error(`missing: ${tools}. Install OpenSSH, on Debian and Ubuntu with: apt-get install ${packages}`);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
