import { createRequire } from 'node:module';
import { run } from '../../support/run.ts';

// The garbage collector collects ciphers in a task of its own, so the script lets the event loop turn.
const collect = `
  const { AESGCMDecipher } = require(process.argv[1]);
  const key = Buffer.alloc(16), nonce = Buffer.alloc(12);
  let turns = 0;
  const turn = () => {
    for (let made = 0; made < 2000; made += 1) new AESGCMDecipher('aes-128-gcm', key, nonce);
    const junk = Array.from({ length: 20000 }, (_, index) => ({ index }));
    if ((turns += 1) < 60) setImmediate(turn); else console.log('alive', junk.length);
  };
  turn();`;

test('ciphers of the native addon are collected, and the process lives on', async () => {
  const addon = createRequire(import.meta.url).resolve('ssh2/lib/protocol/crypto/build/Release/sshcrypto.node');
  expect(await run(process.execPath, ['-e', collect, addon])).toMatchObject({ code: 0, out: 'alive 20000\n' });
}, 30_000);

test('the installed addon is one that does not abort', async () => {
  expect(await run(process.execPath, ['containers/addon.mjs', '--check'])).toEqual({ code: 0, out: '', err: '' });
});
