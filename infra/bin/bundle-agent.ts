import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { projectRoot } from '../project-root.ts';

const usage = `Usage: npx tsx infra/bin/bundle-agent.ts [--out DIR] [--platform NAME]

Bundles the device agent into one folder that runs with Node alone: node DIR/sallyport-agent.cjs --config FILE

  --out DIR        default dist/agent-bundle; what is there is replaced
  --platform NAME  whose binary of the AWS client goes into it; default this machine's. "none" takes none, for machines
                   that it is not made for (32-bit ARM): there the agent uses MQTT.js by itself
`;

const file = 'sallyport-agent.cjs';
const binary = 'aws-crt-nodejs.node';

export class UnknownPlatformError extends Error {
  override readonly name = 'UnknownPlatformError';
}

/** As aws-crt names its folders: `linux-x64-glibc`, `linux-arm64-musl`, `darwin-arm64-cruntime`. */
const ownPlatform = (): string => {
  const header: unknown = process.report?.getReport();
  const isGlibc = JSON.stringify(header).includes('"glibcVersionRuntime"');
  return `${process.platform}-${process.arch}-${process.platform === 'linux' ? (isGlibc ? 'glibc' : 'musl') : 'cruntime'}`;
};

/**
 * One script and one binary instead of 440 MB of packages. CommonJS, because the AWS client asks `__dirname` where it
 * lies; its binary is named to it by the environment variable that it reads.
 */
export const bundleAgent = async (options: {
  readonly out: string;
  readonly platform?: string;
}): Promise<{ readonly file: string; readonly platform: string }> => {
  const { out, platform = ownPlatform() } = options;
  const binaries = join(projectRoot, 'node_modules/aws-crt/dist/bin');
  const from = join(binaries, platform, binary);
  if (platform !== 'none' && !existsSync(from))
    throw new UnknownPlatformError(
      `no binary for ${platform}; choose one of ${[...readdirSync(binaries), 'none'].join(', ')}`,
    );

  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: projectRoot,
    entryPoints: ['agent/main.ts'],
    outfile: join(out, file),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    logLevel: 'warning',
    legalComments: 'external',
    // Optional parts of ssh2, built for one Node version each; it does without them.
    external: ['cpu-features', '*/sshcrypto.node'],
    banner: {
      js: `process.env.AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH??=require('node:path').join(__dirname,'${binary}');`,
    },
  });
  if (platform !== 'none') copyFileSync(from, join(out, binary));
  return { file: join(out, file), platform };
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, platform: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  const out = resolve(values.out ?? join(projectRoot, 'dist/agent-bundle'));
  const made = await bundleAgent({ out, ...(values.platform === undefined ? {} : { platform: values.platform }) });
  process.stdout.write(`bundled ${made.file} for ${made.platform}\n`);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
