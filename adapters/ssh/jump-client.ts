import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { JumpClient } from '../../core/ports/canary.ts';
import { generateEd25519, type KeyPair } from './keys.ts';
import { parsePublicKeyBlob } from './public-key.ts';
import { makeSshSig } from './sshsig.ts';

const readyMilliseconds = 15_000;

/**
 * What `ssh -J` does, with a key made in memory: logs in at the router, asks it for a channel to the name, and speaks SSH
 * through it until the server at the end has proved its host key. Nobody logs in there. The router's own host key is not
 * compared: whoever sat in between could pass the outer connection on, but not prove the inner host key.
 */
export const createJumpClient = (router: { readonly host: string; readonly port: number }): JumpClient => {
  const key = generateEd25519();
  return {
    publicKey: key.publicLine(),
    fingerprint: key.publicKey.fingerprint,
    sign: (message, namespace) => makeSshSig(key, Buffer.from(message), namespace),
    async reach(target) {
      const outer = new ssh2.Client();
      try {
        const channel = await channelTo(outer, { router, key, target });
        return await hostKeyOf(channel);
      } finally {
        outer.destroy();
      }
    },
  };
};

const channelTo = (
  client: ssh2.Client,
  {
    router,
    key,
    target,
  }: {
    readonly router: { host: string; port: number };
    readonly key: KeyPair;
    readonly target: { host: string; port: number };
  },
): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    client.on('error', reject);
    client.once('close', () => reject(new Error('the router closed the connection')));
    client.once('ready', () =>
      client.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) =>
        error === undefined ? resolve(channel) : reject(error),
      ),
    );
    client.connect({
      ...router,
      username: 'canary',
      privateKey: key.openSshPrivate(),
      readyTimeout: readyMilliseconds,
    });
  });

const hostKeyOf = (channel: Duplex): Promise<string> =>
  new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let shown = '';
    const end = (act: () => void): void => {
      act();
      client.destroy();
    };
    client.on('error', (error) => end(() => reject(error)));
    client.once('close', () => reject(new Error('the device closed the connection')));
    // After the new keys: the server has signed the exchange by then (RFC 4253 section 8).
    client.once('handshake', () => end(() => resolve(shown)));
    client.connect({
      sock: channel,
      username: 'canary',
      readyTimeout: readyMilliseconds,
      hostVerifier: (blob: Buffer) => {
        const parsed = parsePublicKeyBlob(blob);
        if (parsed.ok) shown = `${parsed.key.type} ${parsed.key.base64}`;
        return parsed.ok;
      },
    });
  });
