import { mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateEcdsaP256, generateEd25519, generateRsa, type KeyPair } from '../../../adapters/ssh/keys.ts';
import { startDataPlane } from '../../support/data-plane.ts';
import { run, start } from '../../support/run.ts';
import { describeWith } from '../../support/tools.ts';

const keySet = async (): Promise<readonly KeyPair[]> => [
  generateEd25519(),
  generateEcdsaP256(),
  await generateRsa(2048),
];

/** Resolves when the file in that folder has the text. */
const has = (folder: string, file: string, text: string): Promise<void> =>
  new Promise((resolve) => {
    const watcher = watch(folder, () => look());
    const look = () => {
      if (!readFileSync(join(folder, file), 'utf8').includes(text)) return;
      watcher.close();
      resolve();
    };
    look();
  });

describeWith(['ssh', 'ssh-keygen'], "an operator's known_hosts", () => {
  test('learns keys to come of every type from the router, forgets old ones, and never asks about a change', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    const file = (name: string) => join(folder, name);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('operator')]);
    const [first, second] = [await keySet(), await keySet()];
    let [served, next]: [readonly KeyPair[], readonly KeyPair[]] = [first, second];
    const plane = await startDataPlane({ routerKeys: () => served, nextRouterKeys: () => next });
    const { port } = await plane.router();
    await plane.operatorKey(readFileSync(file('operator.pub'), 'utf8'));
    const lineOf = (key: KeyPair) => `[127.0.0.1]:${port} ${key.publicLine()}`;
    writeFileSync(file('known_hosts'), `${lineOf(first[0] ?? generateEd25519())}\n`);
    const jump = () =>
      start('ssh', [
        ...['-N', '-i', file('operator'), '-p', String(port), '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes'],
        ...['-o', `UserKnownHostsFile=${file('known_hosts')}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
        ...['-o', 'StrictHostKeyChecking=yes', '-o', 'UpdateHostKeys=yes', '-o', 'HashKnownHosts=no', 'jump@127.0.0.1'],
      ]);

    const before = jump();
    for (const key of [...first, ...second]) await has(folder, 'known_hosts', lineOf(key));
    await before.kill();

    [served, next] = [second, []];
    const after = jump();
    // What is not announced any more goes: whoever stole the old key cannot stand in for the router.
    const kept = () => readFileSync(file('known_hosts'), 'utf8').trim().split('\n').sort();
    const watching = new Promise<void>((resolve) => {
      const watcher = watch(folder, () => {
        if (kept().length !== second.length) return;
        watcher.close();
        resolve();
      });
    });
    await Promise.race([watching, after.closed.then(() => Promise.reject(new Error(after.said)))]);
    expect(kept()).toEqual(second.map(lineOf).sort());
    await after.kill();
    await plane.stop();
    rmSync(folder, { recursive: true });
  }, 30_000);
});
