import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Cloud } from './cloud.ts';
import { runInImage, startContainer } from './container.ts';
import type { BuiltImages, ContainerName } from './images.ts';
import { changedFiles, filesOf, linkTree } from './tree.ts';

/** Something that was shown, or not, of an image. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly seen: string;
}

/** Where ssh2 has what node-gyp made for it. */
const addon = 'node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node';

/** Rejects when the container does not start at all; everything else is a finding. */
export const tryContainer = async (
  built: BuiltImages,
  name: ContainerName,
  cloud: Cloud,
): Promise<readonly Finding[]> => {
  const { ground } = built;
  const image = built.images[name];
  const environment = await cloud.environmentOf(name);
  const findings: Finding[] = [];
  const find = (what: string, ok: boolean, seen: string) => void findings.push({ what, ok, seen });

  const before = filesOf(image.tree);
  const container = await startContainer(ground, image, environment);
  try {
    find('becomes ready', true, JSON.stringify(container.ready));
    if (ground.confines) {
      const { uid, capabilities } = privilegesOf(container.pid);
      find('runs as USER, without capabilities', uid === image.config.user?.uid && capabilities === 0n, `uid ${uid}`);
    }
    const banner = await greet(Number(container.ready.port));
    find('speaks SSH', banner.startsWith('SSH-2.0-'), banner);
    const healthy = await container.health();
    find('HEALTHCHECK says that it lives', healthy.code === 0, `exit ${healthy.code} ${healthy.err.trim()}`);
    const { code, milliseconds } = await container.stop();
    find('ends by SIGTERM', code === 0, `exit ${code} after ${Math.round(milliseconds)} ms`);
    const ended = await container.health();
    find('HEALTHCHECK says that it has ended', ended.code === 1, `exit ${ended.code} ${ended.err.trim()}`);
  } finally {
    container.kill();
  }
  const changed = changedFiles(before, filesOf(image.tree));
  find('writes nothing', changed.length === 0, changed.join(' '));
  if (ground.confines) findings.push(await tryWriting(built, name));
  findings.push(await tryWithoutAddon(built, name, environment));
  return findings;
};

/** Shows that the root cannot be written even by root; else that nothing was written would say little. */
const tryWriting = async ({ ground, images }: BuiltImages, name: ContainerName): Promise<Finding> => {
  const { tree, config } = images[name];
  const script =
    "for (const place of ['/app/x', '/tmp/x', '/x', '/usr/local/x']) try { require('node:fs').writeFileSync(place, ''); console.log(place) } catch (error) { if (error.code !== 'EROFS') throw error }";
  const asRoot = { tree, config: { ...config, user: undefined } };
  const { code, out, err } = await runInImage(ground, asRoot, ['node', '--eval', script]);
  return { what: 'nobody can write', ok: code === 0 && out === '', seen: `${out}${err}`.trim() };
};

const tryWithoutAddon = async (
  { ground, images, folder }: BuiltImages,
  name: ContainerName,
  environment: Readonly<Record<string, string>>,
): Promise<Finding> => {
  const { tree, config } = images[name];
  const broken = join(folder, `${name}-without-addon`);
  await linkTree(tree, broken);
  rmSync(join(broken, config.workdir, addon));
  const { code, err } = await runInImage(ground, { tree: broken, config }, config.entrypoint, environment);
  rmSync(broken, { recursive: true });
  const refused = code === 1 && err.startsWith('the native addon of ssh2 did not load');
  return { what: 'does not start without the native addon', ok: refused, seen: `exit ${code} ${err.trim()}` };
};

const privilegesOf = (pid: number) => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, uid] = /^Uid:\s+(\d+)/m.exec(status) ?? [];
  const [, effective = 'f'] = /^CapEff:\s+(\w+)/m.exec(status) ?? [];
  return { uid: Number(uid), capabilities: BigInt(`0x${effective}`) };
};

const greetMilliseconds = 5_000;

/** The first line of an SSH server, which routers only say to who speaks SSH. */
const greet = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: greetMilliseconds }, () =>
      socket.write('SSH-2.0-trial\r\n'),
    );
    const end = (said: string) => {
      socket.destroy();
      resolve(said);
    };
    socket.once('data', (said: Buffer) => end(said.toString('latin1').split('\r\n', 1)[0] ?? ''));
    socket.once('timeout', () => end('no answer'));
    socket.once('error', (error) => end(error.message));
  });
