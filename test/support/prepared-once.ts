import { existsSync, mkdirSync, renameSync, watch } from 'node:fs';
import { join } from 'node:path';
import { type Prepared, prepare, preparedIn } from '../../local/system/prepared.ts';

/** The synthesized templates and bundles, made by the first file of a run that asks; the others wait for it. */
export async function preparedOnce(): Promise<Prepared> {
  const run = process.env.SALLYPORT_TEST_RUN;
  if (run === undefined)
    throw new Error('run the tests by `npm run jest`: its global set-up makes the folder of the run');
  const done = join(run, 'prepared');
  const lock = join(run, 'preparing');
  try {
    mkdirSync(lock);
  } catch {
    await appears(run, done);
    return preparedIn(done);
  }
  const draft = join(run, 'prepared-draft');
  await prepare(draft);
  // Whole or not at all.
  renameSync(draft, done);
  return preparedIn(done);
}

const appears = (folder: string, file: string): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!existsSync(file)) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, look);
    look();
  });
