import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { type FunctionName, functionNames, processes } from '../functions.ts';
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
  logLevel: 'warning',
  legalComments: 'none',
} as const satisfies BuildOptions;

/** Some of what the functions bundle is CommonJS and asks for `require`, which a module does not have. */
const requireBanner =
  "import{createRequire as sallyportRequire}from'node:module';const require=sallyportRequire(import.meta.url);";

/**
 * Bundles every function to `<outdir>/lambdas/<name>/index.mjs` with its packages, and every process that exists to
 * `<outdir>/<name>/main.mjs` without them. Throws `BuildError` when a function is missing or exports no `handler`.
 */
export const bundle = async (options: { readonly root?: string; readonly outdir?: string } = {}): Promise<string> => {
  const root = options.root ?? projectRoot;
  const outdir = options.outdir ?? join(root, 'dist');
  const missing = functionNames.filter((name) => !existsSync(join(root, sourceOf(name))));
  if (missing.length > 0) throw new BuildError(missing.map((name) => `write ${sourceOf(name)}: it does not exist`));

  const lambdas = join(outdir, 'lambdas');
  rmSync(lambdas, { recursive: true, force: true });
  const { metafile } = await build({
    ...shared,
    absWorkingDir: root,
    entryPoints: functionNames.map((name) => ({ in: sourceOf(name), out: `${name}/index` })),
    outdir: lambdas,
    minify: true,
    mainFields: ['module', 'main'],
    banner: { js: requireBanner },
  });
  const exporting = new Set(
    Object.values(metafile.outputs).flatMap((output) =>
      output.exports.includes('handler') ? [output.entryPoint] : [],
    ),
  );
  const mute = functionNames.filter((name) => !exporting.has(sourceOf(name)));
  if (mute.length > 0) throw new BuildError(mute.map((name) => `export \`handler\` from ${sourceOf(name)}`));

  const present = processes.filter((name) => existsSync(join(root, name, 'main.ts')));
  // External packages: ssh2 and the device SDK load native files from where they are installed.
  if (present.length > 0)
    await build({
      ...shared,
      absWorkingDir: root,
      entryPoints: present.map((name) => ({ in: `${name}/main.ts`, out: `${name}/main` })),
      outdir,
      packages: 'external',
    });
  return outdir;
};

const sourceOf = (name: FunctionName) => `lambdas/${name}.ts`;

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  bundle().then(
    (outdir) => process.stdout.write(`bundled into ${outdir}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof BuildError ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );
