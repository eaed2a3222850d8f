import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DeviceView } from '../../../core/wire/device-view.ts';
import { projectRoot } from '../../../infra/project-root.ts';
import { run } from '../../support/run.ts';
import { headOf } from './head-of.ts';

const commands = readdirSync(join(projectRoot, 'cli'))
  .filter((file) => file.endsWith('.ts') && file !== 'command.ts')
  .map((file) => file.slice(0, -3));

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
    expect(await headOf('fleet-report', { args: ['--json'], env, hears: true })).toEqual({
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
