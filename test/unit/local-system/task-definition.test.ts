import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../../../local/processes/child.ts';
import { checkPorts } from '../../../local/processes/task-definition.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-task-'));
afterAll(() => rmSync(directory, { recursive: true }));

const relay = {
  name: 'relay',
  environment: {
    SALLYPORT_RELAY_LISTEN: '0.0.0.0:2222',
    SALLYPORT_DOOR_LISTEN: '0.0.0.0:7022',
    SALLYPORT_ADMIN_LISTEN: '127.0.0.1:9464',
  },
  secrets: {},
  ports: [2222, 7022],
};

test('ports that are mapped are those that are listened on, but for the admin port', () => {
  expect(() => checkPorts(relay)).not.toThrow();
  const unmapped = { ...relay, ports: [2222] };
  expect(() => checkPorts(unmapped)).toThrow(
    'the task definition of relay maps ports 2222, but it listens on 2222, 7022',
  );
  expect(() => checkPorts({ ...relay, ports: [2222, 7022, 9464] })).toThrow('maps ports 2222, 7022, 9464');
});

describe('a process that holds its files', () => {
  /** Says how many it may, as the kernel has it. */
  const script = join(directory, 'limits.mjs');
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
const [, soft, hard] = /^Max open files +(\\d+) +(\\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
process.on('disconnect', () => process.exit());
console.log(JSON.stringify({ event: 'ready', soft: Number(soft), hard: Number(hard), pid: process.pid }));`,
  );
  const readyOf = async (openFiles?: number) => {
    const child = await startChild({
      ...{ name: 'limits', script, environment: {}, onLine: () => undefined },
      ...(openFiles === undefined ? {} : { openFiles }),
    });
    await child.stop();
    return { pid: child.pid, ready: child.ready };
  };

  test('may hold as many as its task definition says, and no more', async () => {
    const { pid, ready } = await readyOf(321);
    expect(ready).toMatchObject({ soft: 321, hard: 321, pid });
  });

  test('may hold what this machine lets it where that is less', async () => {
    const [{ ready: free }, { ready: asked }] = [await readyOf(), await readyOf(1_000_000_000)];
    expect(asked.hard).toBe(free.hard);
  });
});
