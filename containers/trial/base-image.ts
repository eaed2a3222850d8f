import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './run.ts';

const nodeMajor = 24;

/** The images that can be stood in for: Node's own, of the major version that npm gives here too. */
const standsFor = new RegExp(`^node:${nodeMajor}-slim@sha256:[0-9a-f]{64}$`);

/** The settings by which npm reaches its registry from here; a Docker build has its builder's. */
const networkSettings = ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy'] as const;

/** @throws Error for an image that nothing here stands in for */
export const checkImage = (image: string): void => {
  if (!standsFor.test(image)) throw new Error(`${image}: expected node:${nodeMajor}-slim with the digest of the image`);
};

/** Node and npm as the image has them in /usr/local, from npm's packages of the same names. */
export const makeBase = async (folder: string): Promise<string> => {
  const packages = join(folder, 'packages');
  const node = `node-${process.platform}-${process.arch}`;
  await runToEnd({
    file: 'npm',
    args: [
      'install',
      '--prefix',
      packages,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      // Node 24 comes with npm 11.
      `${node}@${nodeMajor}`,
      'npm@11',
    ],
  });
  const tree = join(folder, 'base');
  const local = join(tree, 'usr/local');
  mkdirSync(join(local, 'bin'), { recursive: true });
  mkdirSync(join(tree, 'root'), { recursive: true });
  const modules = join(packages, 'node_modules');
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  renameSync(join(modules, node, 'bin/node'), join(local, 'bin/node'));
  renameSync(join(modules, node, 'include'), join(local, 'include'));
  renameSync(join(modules, 'npm'), join(local, 'lib/node_modules/npm'));
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, 'bin', name));
  rmSync(packages, { recursive: true });
  return tree;
};

export interface NpmNetwork {
  readonly environment: Readonly<Record<string, string>>;
  /** What npm has fetched before, checked against the lock file as if it came anew. */
  readonly cache: string;
}

/** How npm reaches the registry on this machine. */
export const npmNetwork = async (): Promise<NpmNetwork> => {
  const { out } = await runToEnd({ file: 'npm', args: ['config', 'list', '--json'] });
  const settings: Readonly<Record<string, unknown>> = JSON.parse(out);
  const named = networkSettings.flatMap((name) => {
    const value = settings[name];
    return typeof value === 'string' && value !== '' ? [[`npm_config_${name.replaceAll('-', '_')}`, value]] : [];
  });
  const environment = { ...Object.fromEntries(named), npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' };
  return { environment, cache: String(settings.cache) };
};
