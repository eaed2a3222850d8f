import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { projectRoot } from '../../../infra/project-root.ts';
import { startAdminServer } from '../../../net/admin-server.ts';
import { run } from '../../support/run.ts';

const entry = (args: readonly string[], settings: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, [join(projectRoot, 'containers/entry.mjs'), ...args], { env: { PATH: '', ...settings } });
const health = (address: string) => entry(['--health'], { SALLYPORT_ADMIN_LISTEN: address });

test('a process that answers is healthy', async () => {
  const server = await startAdminServer({ host: '127.0.0.1', port: 0, metrics: () => '' });
  expect(await health(`127.0.0.1:${server.port}`)).toMatchObject({ code: 0, err: '' });
  await server.close();
});

test('one that answers with an error is not', async () => {
  const server = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await health(`127.0.0.1:${port}`)).toMatchObject({ code: 1, err: 'the process answered 503\n' });
  server.close();
});

test('one that takes the connection and says nothing is not', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await health(`127.0.0.1:${port}`)).toMatchObject({ code: 1, err: expect.stringContaining('no answer') });
  server.closeAllConnections();
  server.close();
});

test('without an admin address there is nobody to ask', async () => {
  expect(await entry(['--health'])).toMatchObject({ code: 1, err: expect.stringContaining('SALLYPORT_ADMIN_LISTEN') });
});

test('this machine has the addon; an unknown option is refused', async () => {
  expect(await entry(['--check'])).toMatchObject({ code: 0, out: expect.stringContaining('ready') });
  expect(await entry(['--heath'])).toMatchObject({ code: 1, err: expect.stringContaining('"--heath"') });
});
