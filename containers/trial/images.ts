import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admittedEntries } from '../dockerfile.ts';
import { planDockerfile } from '../plan.ts';
import { makeBase, npmNetwork } from './base-image.ts';
import { type Ground, groundNamed } from './ground.ts';
import { type Image, ImageBuilder, type Skipped } from './image-builder.ts';

export type ContainerName = 'relay' | 'router';
export const containerNames: readonly ContainerName[] = ['relay', 'router'];

export interface BuiltImages {
  readonly ground: Ground;
  readonly images: Readonly<Record<ContainerName, Image>>;
  readonly skipped: readonly Skipped[];
  /** For what the trial makes besides. */
  readonly folder: string;
  remove(): void;
}

/** Nobody fetches by it: what stands in for the image has no digest. */
const noDigest = `sha256:${'0'.repeat(64)}`;

/**
 * Builds both images from their Dockerfiles, without Docker. What the two have in common is done once, as Docker's cache
 * would have it.
 */
export const buildImages = async (options: {
  /** The folder of the repository. */
  readonly root: string;
  readonly version: string;
  readonly ground?: 'best' | 'plain';
  readonly onStep?: (what: string) => void;
}): Promise<BuiltImages> => {
  const { root, version, onStep = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-images-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const ground = groundNamed(options.ground ?? 'best', folder);
    onStep(`in a ${ground.name}`);
    const context = join(folder, 'context');
    mkdirSync(context);
    for (const entry of admittedEntries(readFileSync(join(root, '.dockerignore'), 'utf8')))
      cpSync(join(root, entry), join(context, entry), { recursive: true });
    const [base, network] = await Promise.all([makeBase(folder), npmNetwork()]);
    const builder = new ImageBuilder({ ground, base, context, folder, network, onStep });
    const plans = containerNames.map((name) =>
      planDockerfile(readFileSync(join(root, 'containers', name, 'Dockerfile'), 'utf8'), {
        NODE_DIGEST: noDigest,
        VERSION: version,
      }),
    );
    const [relay, router] = await builder.build(plans);
    if (relay === undefined || router === undefined) throw new Error('an image is missing');
    return { ground, images: { relay, router }, skipped: builder.skipped, folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
};
