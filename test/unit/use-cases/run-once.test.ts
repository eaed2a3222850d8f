import { SallyportError } from '../../../core/errors.ts';
import { runOnce } from '../../../core/use-cases/run-once.ts';
import { codeOf, createWorld, operatorId } from './world.ts';

const create = () => {
  const world = createWorld();
  let runs = 0;
  const run = (
    body: unknown,
    options: { readonly key?: string; readonly operator?: string; readonly fail?: Error } = {},
  ) =>
    runOnce(
      world.ports,
      { operator: options.operator ?? operatorId, path: 'pump-7/tunnels', key: options.key ?? 'k1', body },
      async () => {
        runs += 1;
        if (options.fail !== undefined) throw options.fail;
        return { status: 201, body: { run: runs } };
      },
    );
  return { ...world, run, runs: () => runs };
};

test('the same key and body answer what the first did, however the fields stand', async () => {
  const { run, runs } = create();
  const first = await run({ service: 'ssh', port: 1 });
  expect(await run({ port: 1, service: 'ssh' })).toEqual(first);
  expect(runs()).toBe(1);
});

test('the same key with another body is a conflict and does nothing', async () => {
  const { run, runs } = create();
  await run({ service: 'ssh' });
  expect(await codeOf(run({ service: 'web' }))).toBe('idempotency_conflict');
  expect(runs()).toBe(1);
});

test('another key or another operator is another request', async () => {
  const { run, runs } = create();
  await run({ a: 1 });
  await run({ a: 1 }, { key: 'k2' });
  await run({ a: 1 }, { operator: 'obbbbbbbbbbbbbbbbbbbbbbbbb' });
  expect(runs()).toBe(3);
});

test('while the first runs, the second is told so', async () => {
  const { run, ports } = create();
  let go = (): void => undefined;
  const running = runOnce(ports, { operator: operatorId, path: 'pump-7/tunnels', key: 'k1', body: { a: 1 } }, () =>
    new Promise<void>((resolve) => {
      go = resolve;
    }).then(() => ({ status: 201, body: 'done' })),
  );
  // The note is put in a few turns of the loop; the work begins after it.
  await new Promise((resolve) => setImmediate(resolve));
  expect(await codeOf(run({ a: 1 }))).toBe('in_progress');
  go();
  expect(await running).toEqual({ status: 201, body: 'done' });
  expect(await run({ a: 1 })).toEqual({ status: 201, body: 'done' });
});

test('work that fails frees the key', async () => {
  const { run, runs } = create();
  expect(await codeOf(run({ a: 1 }, { fail: new SallyportError('device_offline') }))).toBe('device_offline');
  expect(await run({ a: 1 })).toEqual({ status: 201, body: { run: 2 } });
  expect(runs()).toBe(2);
});

test('a crash in the middle blocks the key for 35 s and no longer', async () => {
  const { ports, run, advance } = create();
  const spend = ports.once.spend;
  Object.assign(ports.once, { spend: () => Promise.reject(new Error('gone')) });
  await codeOf(run({ a: 1 }, { fail: new Error('crash') }));
  Object.assign(ports.once, { spend });
  expect(await codeOf(run({ a: 1 }))).toBe('in_progress');
  advance(35_000);
  expect(await run({ a: 1 })).toMatchObject({ status: 201 });
});
