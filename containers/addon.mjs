/**
 * Builds ssh2's native addon anew where it would abort its process. The headers of Node 24.19 and of some later ones give
 * `node::ObjectWrap` a clean-up hook that is removed from inside the garbage collector, where no environment is entered:
 * an assertion fails and the process is gone (nodejs/node#65446). Without these two calls the class is what it was before.
 *
 *   node containers/addon.mjs [--check]     in the folder of node_modules; runs after every installation
 *
 * Exit 0: nothing to do, or done. 1: the addon would abort and could not be built anew; the reason is said.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const addon = resolve('node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node');
const wouldAbort = () => existsSync(addon) && readFileSync(addon).includes('RemoveEnvironmentCleanupHook');
const hookCall = /^[ \t]+(?:Add|Remove)CleanupHook\(\);$/gm;

/** Where the headers of this Node are: named to node-gyp, beside the binary, or fetched by node-gyp. */
const headers = () =>
  [
    process.env.npm_config_nodedir,
    resolve(dirname(process.execPath), '..'),
    join(process.env.npm_config_devdir ?? join(process.env.HOME ?? '', '.cache/node-gyp'), process.versions.node),
  ]
    .filter((place) => place !== undefined)
    .map((place) => join(place, 'include'))
    .find((place) => existsSync(join(place, 'node/node_object_wrap.h')));

/** Answers why it could not. */
const buildAnew = () => {
  const found = headers();
  if (found === undefined) return 'the headers of this Node were not found';
  const place = mkdtempSync(join(tmpdir(), 'sallyport-headers-'));
  try {
    cpSync(found, join(place, 'include'), { recursive: true });
    const header = join(place, 'include/node/node_object_wrap.h');
    writeFileSync(header, readFileSync(header, 'utf8').replace(hookCall, ''));
    const built = spawnSync('npm', ['rebuild', 'ssh2'], {
      env: { ...process.env, npm_config_nodedir: place },
      encoding: 'utf8',
    });
    if (built.status !== 0) return built.stderr?.trim() || String(built.error);
    return wouldAbort() ? 'it was built with other headers again' : undefined;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
};

if (wouldAbort()) {
  const why = process.argv.includes('--check') ? 'run: node containers/addon.mjs' : buildAnew();
  if (why !== undefined) {
    process.stderr.write(`ssh2's native addon, built for Node ${process.version}, aborts its process: ${why}\n`);
    process.exitCode = 1;
  }
}
