import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../plan.ts';

/** A program of an image, as `spawn` of this machine takes it. */
export interface Placed {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface PlaceOptions {
  readonly config: Pick<ImageConfig, 'environment' | 'workdir' | 'user'>;
  /** Beyond those of the image. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The root file system may not be written. */
  readonly readOnly?: boolean;
  /** A folder of this machine where npm of the image keeps what it fetched. */
  readonly npmCache?: string;
}

/** Where the programs of an image run that stands as a tree of files. */
export interface Ground {
  readonly name: string;
  /** Whether it keeps programs from writing and from being root, rather than only watching. */
  readonly confines: boolean;
  place(tree: string, command: readonly string[], options: PlaceOptions): Placed;
}

const imagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where npm's cache stands in an image while it is built. */
const cachePlace = '/mnt';

/** The parts of Debian that no Dockerfile of ours changes: this machine's own, read-only. */
const debian = ['usr', 'etc'];
const debianLinks = ['bin', 'lib', 'lib64', 'sbin'];

/**
 * Its own mount name space, so nothing is left when the program ends: the tree at another place, Debian over it, the
 * tree's own /usr/local over that. Each `exec` keeps the process id, so a signal to the child reaches the program.
 */
const chrootScript = `
tree=$1 at=$2 cache=$3 readonly=$4 user=$5 workdir=$6
shift 6
mount --bind "$tree" "$at"
for part in ${debian.join(' ')}; do
  mount --bind "/$part" "$at/$part"
  mount -o remount,bind,ro "$at/$part"
done
mount --bind "$tree/usr/local" "$at/usr/local"
mount --rbind /dev "$at/dev"
mount --rbind /proc "$at/proc"
if [ -n "$cache" ]; then mount --bind "$cache" "$at${cachePlace}"; fi
if [ "$readonly" = yes ]; then
  mount -o remount,bind,ro "$at/usr/local"
  mount -o remount,bind,ro "$at"
fi
if [ "$user" != 0:0 ]; then set -- setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"; fi
exec chroot --userspec="$user" --groups= "$at" env --chdir="$workdir" "$@"
`;

/** Of root, with mounts: the tree is all that the program sees, and it is what USER and a read-only root say. */
const chrootGround = (mountPoint: string): Ground => ({
  name: 'chroot in a mount name space of its own',
  confines: true,
  place(tree, command, { config, environment = {}, readOnly = false, npmCache }) {
    for (const part of [...debian, 'usr/local', 'dev', 'proc', cachePlace, 'tmp'])
      mkdirSync(join(tree, part), { recursive: true });
    for (const link of debianLinks) {
      const target = linkTarget(`/${link}`);
      if (target !== undefined && linkTarget(join(tree, link)) === undefined) symlinkSync(target, join(tree, link));
    }
    mkdirSync(mountPoint, { recursive: true });
    const user = config.user === undefined ? '0:0' : `${config.user.uid}:${config.user.gid}`;
    const cache: Record<string, string> = npmCache === undefined ? {} : { npm_config_cache: cachePlace };
    const places = [tree, mountPoint, npmCache ?? ''];
    const script = ['sh', '-eu', '-c', chrootScript, 'chroot', ...places, readOnly ? 'yes' : 'no'];
    return {
      file: '/usr/bin/unshare',
      args: ['--mount', ...script, user, config.workdir, ...command],
      cwd: '/',
      env: { PATH: imagePath, HOME: '/', ...cache, ...config.environment, ...environment },
    };
  },
});

/** Of anybody: the programs of this machine with the tree's own before them, and each absolute path means one in the tree. */
const plainGround: Ground = {
  name: 'plain directory',
  confines: false,
  place(tree, command, { config, environment = {}, npmCache }) {
    return {
      file: '/usr/bin/env',
      args: command.map((part) => (part.startsWith('/') ? join(tree, part) : part)),
      cwd: join(tree, config.workdir),
      env: {
        PATH: `${join(tree, 'usr/local/bin')}:${process.env.PATH ?? imagePath}`,
        HOME: tree,
        ...(npmCache === undefined ? {} : { npm_config_cache: npmCache }),
        ...config.environment,
        ...environment,
      },
    };
  },
};

const linkTarget = (path: string): string | undefined =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;

/** The strictest ground that this machine gives. */
export const bestGround = (folder: string): Ground => {
  const links = debianLinks.every((link) => linkTarget(`/${link}`) !== undefined);
  const mounts = process.getuid?.() === 0 && spawnSync('/usr/bin/unshare', ['--mount', 'true']).status === 0;
  return links && mounts ? chrootGround(join(folder, 'mount')) : plainGround;
};

export const groundNamed = (name: 'best' | 'plain', folder: string): Ground =>
  name === 'plain' ? plainGround : bestGround(folder);
