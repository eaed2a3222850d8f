import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runProcess } from '../../net/run-process.ts';
import { startSshServer } from './ssh-server.ts';
import { startWebPage } from './web-page.ts';

/** The machine that the demo agent runs on: an SSH server and a web page, on addresses that only it can reach. */
const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'demo-1' },
    directory: { type: 'string' },
    'authorized-keys': { type: 'string' },
  },
});

await runProcess('demo-device', async () => {
  const { name, directory, 'authorized-keys': keys } = values;
  if (directory === undefined || keys === undefined) throw new Error('give --directory and --authorized-keys');
  const ssh = await startSshServer({
    directory,
    authorizedKeys: readFileSync(keys, 'utf8').split('\n').filter(Boolean),
  });
  const web = await startWebPage(name);
  return {
    ready: { sshPort: ssh.port, webPort: web.port, hostKeyFile: ssh.hostKeyFile, login: ssh.login },
    async stop() {
      await ssh.close();
      await web.close();
    },
  };
});
