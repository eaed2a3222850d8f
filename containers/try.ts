import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../infra/project-root.ts';
import { startCloud } from './trial/cloud.ts';
import { buildImages, containerNames } from './trial/images.ts';
import { tryContainer } from './trial/trial.ts';

/**
 * Builds both images from their Dockerfiles without Docker, and shows of each that it runs as it would in the cloud. Exit
 * 1 when something is not so.
 *
 *   tsx containers/try.ts [--version <version>] [--plain] [--keep]
 *
 * --plain: in a plain directory also where a chroot is possible. --keep: leaves the images' files, and says where.
 */
const { values } = parseArgs({
  options: {
    version: { type: 'string', default: 'trial' },
    plain: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);

const built = await buildImages({
  root: projectRoot,
  version: values.version,
  ground: values.plain ? 'plain' : 'best',
  onStep: say,
});
try {
  for (const { command, why } of built.skipped) say(`not run: ${command}\n  it ${why}`);
  const cloud = await startCloud(join(built.folder, 'cloud'));
  try {
    for (const name of containerNames) {
      say(name);
      for (const { what, ok, seen } of await tryContainer(built, name, cloud)) {
        say(`  ${ok ? 'yes' : 'NO '} ${what}: ${seen}`);
        if (!ok) process.exitCode = 1;
      }
    }
  } finally {
    await cloud.close();
  }
} finally {
  if (values.keep) say(`kept in ${built.folder}`);
  else built.remove();
}
