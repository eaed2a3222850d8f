import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ssh2Crypto from 'ssh2/lib/protocol/crypto.js';

/**
 * Whether ssh2's native crypto addon loaded. It is built for one Node ABI and falls back silently to JavaScript at
 * 1.5-3 times the CPU per byte, so every process says at its start, in log and metric, which one it runs with.
 */
export const nativeCrypto: boolean = ssh2Crypto.bindingAvailable;

/**
 * Throws where the addon would abort this process at some garbage collection: one that was compiled with the headers of
 * Node 24.19 or of some later ones (nodejs/node#65446). `containers/addon.mjs` builds it anew without that.
 */
export const refuseAbortingAddon = (): void => {
  if (!nativeCrypto) return;
  const ssh2 = dirname(createRequire(import.meta.url).resolve('ssh2/package.json'));
  const file = join(ssh2, 'lib/protocol/crypto/build/Release/sshcrypto.node');
  if (existsSync(file) && readFileSync(file).includes('RemoveEnvironmentCleanupHook'))
    throw new Error("ssh2's native addon would abort this process: build it anew with `node containers/addon.mjs`");
};
