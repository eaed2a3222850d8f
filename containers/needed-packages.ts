import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { build } from 'esbuild';

/** `@scope/name/path` and `name/path` to the package's name. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** The packages that these modules and their own import, without Node's. */
export const importedPackages = async (modules: readonly string[]): Promise<readonly string[]> => {
  const { metafile } = await build({
    entryPoints: [...modules],
    outdir: 'unwritten',
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const found = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.flatMap(({ path, external }) => (external === true && !isBuiltin(path) ? [packageOf(path)] : [])),
  );
  return [...new Set(found)].sort();
};

type Manifest = {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
};

/**
 * The folders of the packages that these need at run time, their own dependencies included, as Node would find them from
 * each. Throws when one is not installed; an optional one that is not installed is left out.
 */
export const neededFolders = (root: string, packages: readonly string[]): ReadonlySet<string> => {
  const needed = new Set<string>();
  const visit = (name: string, from: string, optional: boolean): void => {
    const folder = find(root, name, from);
    if (folder === undefined) {
      if (optional) return;
      throw new Error(`${name} is needed by ${from} and not installed`);
    }
    if (needed.has(folder)) return;
    needed.add(folder);
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const optionals = manifest.optionalDependencies ?? {};
    for (const dependency of Object.keys(optionals)) visit(dependency, folder, true);
    // npm lists what is optional among the dependencies too.
    for (const dependency of Object.keys(manifest.dependencies ?? {}))
      if (!(dependency in optionals)) visit(dependency, folder, false);
  };
  for (const name of packages) visit(name, root, false);
  return needed;
};

/** Up through the `node_modules` of each folder, as `require` does, and never above the root. */
const find = (root: string, name: string, from: string): string | undefined => {
  for (let folder = from; folder === root || folder.startsWith(root + sep); folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return place;
  }
  return undefined;
};
