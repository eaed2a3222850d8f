import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DeviceView } from '../../../core/wire/device-view.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { run } from '../../support/run.ts';

const commands = readdirSync(join(projectRoot, 'cli'))
  .filter((file) => file.endsWith('.ts') && file !== 'command.ts')
  .map((file) => file.slice(0, -3));

type Asked = { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly lines?: number };

/** As behind `| head -<lines>`: whoever reads goes away. */
const headOf = async (command: string, { args = [], env = {}, lines = 0 }: Asked) => {
  const child = spawn(process.execPath, ['--import', 'tsx', join(projectRoot, 'cli', `${command}.ts`), ...args], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const closed = once(child, 'close');
  if (lines > 0) await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code, signal] = await closed;
  return { code, signal, err };
};

test.each(commands)('%s ends quietly when nobody reads on', async (command) => {
  expect(await headOf(command, { args: ['--help'] })).toEqual({ code: 141, signal: null, err: '' });
});

describe('a command of many lines', () => {
  let server: Server;
  let pages = 0;
  beforeAll(async () => {
    const devices = Array.from({ length: 100 }, (_, index): Partial<DeviceView> => ({ id: `pump-${index}` }));
    // There is always one more page.
    server = createServer((_request, reply) => {
      pages += 1;
      reply.end(JSON.stringify({ devices, cursor: String(pages) }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('stops its work when nobody reads on', async () => {
    const env = {
      SALLYPORT_API: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      SALLYPORT_TOKEN: 'x',
    };
    expect(await headOf('fleet-report', { args: ['--json'], env, lines: 1 })).toEqual({
      ...{ code: 141, signal: null, err: '' },
    });
    expect(pages).toBeGreaterThan(0);
  });
});

test('what is wrong with the call is said without a stack', async () => {
  const args = ['--import', 'tsx', join(projectRoot, 'cli/audit-verify.ts'), '--days', 'x'];
  expect(await run(process.execPath, args, { env: { PATH: process.env.PATH } })).toEqual({
    ...{ code: 2, out: '', err: '--days must be a whole number from 1 to 3650\n' },
  });
});
