import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from '../../infra/bin/build.ts';
import { handlerNames } from '../../infra/functions.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-sources-'));
  mkdirSync(join(root, 'lambdas'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const name of handlerNames)
    writeFileSync(
      join(root, 'lambdas', `${name}.ts`),
      `export const handler = async (): Promise<string> => '${name}';\n`,
    );
});
afterEach(() => rmSync(root, { recursive: true }));

test('every function becomes a module of its own, and the same sources the same bytes', async () => {
  const first = await bundle({ root, outdir: join(root, 'one') });
  const second = await bundle({ root, outdir: join(root, 'two') });
  for (const name of handlerNames) {
    const file = join('lambdas', name, 'index.mjs');
    expect(readFileSync(join(first, file))).toEqual(readFileSync(join(second, file)));
  }
  const { handler } = await import(pathToFileURL(join(first, 'lambdas', 'me', 'index.mjs')).href);
  expect(await handler()).toBe('me');
});

test('a function that is missing, or exports nothing, stops the build by name', async () => {
  rmSync(join(root, 'lambdas', 'sweep.ts'));
  rmSync(join(root, 'lambdas', 'notify.ts'));
  await expect(bundle({ root })).rejects.toThrow(
    'nothing was built:\n  write lambdas/notify.ts: it does not exist\n  write lambdas/sweep.ts: it does not exist',
  );
  writeFileSync(join(root, 'lambdas', 'sweep.ts'), 'export const handler = 1;\n');
  writeFileSync(join(root, 'lambdas', 'notify.ts'), 'export const handle = 1;\n');
  await expect(bundle({ root })).rejects.toThrow('export `handler` from lambdas/notify.ts');
});

test('a process keeps its packages outside', async () => {
  mkdirSync(join(root, 'relay'));
  writeFileSync(join(root, 'relay', 'main.ts'), "import { Server } from 'ssh2';\nconsole.log(Server);\n");
  const outdir = await bundle({ root });
  expect(readFileSync(join(outdir, 'relay', 'main.mjs'), 'utf8')).toContain('from "ssh2"');
});

test('a function brings only what it uses: no client of a service that it never calls, one language of messages', async () => {
  const outdir = await bundle({ outdir: join(root, 'dist') });
  const bundled = handlerNames.map((name) => {
    const code = readFileSync(join(outdir, 'lambdas', name, 'index.mjs'), 'utf8');
    return { name, code, dynamodb: code.includes('DynamoDB_20120810'), secrets: code.includes('secretsmanager') };
  });
  const names = (list: typeof bundled) => list.map(({ name }) => name).sort();
  // `import { z } from 'zod'` would add 350 KB of messages in other languages; `import * as z` does not.
  expect(names(bundled.filter(({ code }) => code.length > 650_000))).toEqual([]);
  // Lambda gives credentials by the environment only.
  expect(names(bundled.filter(({ code }) => code.includes('sso_session')))).toEqual([]);
  expect(names(bundled.filter(({ dynamodb }) => !dynamodb))).toEqual(['audit-export', 'canary', 'host-keys', 'notify']);
  expect(names(bundled.filter(({ secrets }) => secrets))).toEqual([
    'audit-export',
    'certificate-export',
    'certificate-renew',
    'device-event',
    'host-keys',
    'open-for-jump',
    'rotate-host-keys',
    'tunnel-link',
    'tunnel-request',
    'tunnel-request-mqtt',
  ]);
});

test('every function starts as Lambda starts it: its bundle alone, as a module', async () => {
  const outdir = await bundle({ outdir: join(root, 'dist') });
  const files = handlerNames.map((name) => pathToFileURL(join(outdir, 'lambdas', name, 'index.mjs')).href);
  const script = `for (const file of ${JSON.stringify(files)}) console.log(typeof (await import(file)).handler);`;
  // Not in this process, where the test runner resolves modules in its own way.
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', cwd: outdir });
  expect(said.trim().split('\n')).toEqual(handlerNames.map(() => 'function'));
}, 60_000);
