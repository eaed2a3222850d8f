import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { importedPackages, neededFolders } from './needed-packages.ts';

/**
 * Takes away every installed package that the modules beside `node_modules` do not need: the lock file installs all that
 * the repository ships, of which the agent's device SDK alone is 47 MB.
 *
 *   tsx containers/keep-needed.ts <folder>
 */
const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('give the folder of the modules');
const root = resolve(given);
const modules = readdirSync(root).flatMap((name) => (name.endsWith('.mjs') ? [join(root, name)] : []));
const needed = neededFolders(root, await importedPackages(modules));

let removed = 0;
/** A package goes when it is not needed; one that stays is looked through for packages of its own. */
const tidy = (modulesFolder: string): void => {
  for (const entry of readdirSync(modulesFolder, { withFileTypes: true })) {
    const folder = join(modulesFolder, entry.name);
    if (entry.name.startsWith('@')) {
      tidy(folder);
      if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
    } else if (needed.has(folder)) {
      const own = join(folder, 'node_modules');
      if (readdirSync(folder).includes('node_modules')) tidy(own);
    } else {
      rmSync(folder, { recursive: true });
      removed += 1;
    }
  }
};
tidy(join(root, 'node_modules'));
process.stdout.write(`kept ${needed.size} packages, removed ${removed}\n`);
