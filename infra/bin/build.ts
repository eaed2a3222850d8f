import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build, type OutputFile, type Plugin } from 'esbuild';
import { handlerNames, processes } from '../functions.ts';
import { projectRoot } from '../project-root.ts';

export class BuildError extends Error {
  constructor(problems: readonly string[]) {
    super(`nothing was built:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'BuildError';
  }
}

/** Paths in the output depend on nothing but the sources, so the same commit always gives the same bytes. */
const shared = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  metafile: true,
  write: false,
  logLevel: 'warning',
  legalComments: 'none',
} as const satisfies BuildOptions;

/** Some of what the functions bundle is CommonJS and asks for `require`, which a module does not have. */
const requireBanner =
  "import{createRequire as sallyportRequire}from'node:module';const require=sallyportRequire(import.meta.url);";

/** Our modules only declare things: one of which nothing is used may be left out, with the libraries that it would bring. */
const declarationsOnly: Plugin = {
  name: 'declarations-only',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    }));
  },
};

/**
 * Bundles every function to `<outdir>/lambdas/<name>/index.mjs` with its packages, and every process that exists to
 * `<outdir>/<name>/main.mjs` without them. Throws `BuildError` when a function is missing or exports no `handler`.
 */
export const bundle = async (options: { readonly root?: string; readonly outdir?: string } = {}): Promise<string> => {
  const root = options.root ?? projectRoot;
  const outdir = options.outdir ?? join(root, 'dist');
  const missing = handlerNames.filter((name) => !existsSync(join(root, sourceOf(name))));
  if (missing.length > 0) throw new BuildError(missing.map((name) => `write ${sourceOf(name)}: it does not exist`));

  const { metafile, outputFiles } = await build({
    ...shared,
    absWorkingDir: root,
    entryPoints: handlerNames.map((name) => ({ in: sourceOf(name), out: `${name}/index` })),
    outdir: join(outdir, 'lambdas'),
    minify: true,
    mainFields: ['module', 'main'],
    banner: { js: requireBanner },
    plugins: [declarationsOnly],
    // Built for this machine, and of use where there is much to encrypt: in a function ssh2 does without.
    external: ['*.node'],
    alias: { '@aws-sdk/credential-provider-node': join(root, 'lambdas/edge/credentials.ts') },
  });
  const exporting = new Set(
    Object.values(metafile.outputs).flatMap((output) =>
      output.exports.includes('handler') ? [output.entryPoint] : [],
    ),
  );
  const mute = handlerNames.filter((name) => !exporting.has(sourceOf(name)));
  if (mute.length > 0) throw new BuildError(mute.map((name) => `export \`handler\` from ${sourceOf(name)}`));

  writeChanged(outputFiles, outdir);

  const present = processes.filter((name) => existsSync(join(root, name, 'main.ts')));
  // External packages: ssh2 and the device SDK load native files from where they are installed.
  if (present.length > 0) {
    const built = await build({
      ...shared,
      absWorkingDir: root,
      entryPoints: present.map((name) => ({ in: `${name}/main.ts`, out: `${name}/main` })),
      outdir,
      packages: 'external',
    });
    writeChanged(built.outputFiles, outdir);
  }
  return outdir;
};

/** Whole or not at all, and only what differs: another run may be reading the same folder. */
const writeChanged = (files: readonly OutputFile[], outdir: string): void => {
  for (const { path, contents } of files) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    mkdirSync(dirname(path), { recursive: true });
    // Outside of the functions' folders, each of which is an asset as a whole.
    const draft = join(outdir, `draft-${process.pid}`);
    writeFileSync(draft, contents);
    renameSync(draft, path);
  }
};

const sourceOf = (name: string) => `lambdas/${name}.ts`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  bundle().then(
    (outdir) => process.stdout.write(`bundled into ${outdir}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof BuildError ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
