import { KexInit } from 'ssh2/lib/protocol/kex.js';

/**
 * What is offered, best first. No SHA-1, no CBC, no compression (it leaks lengths, and costs memory per connection).
 * dropbear has no encrypt-then-MAC, so the plain SHA-2 MACs stay for its aes-ctr.
 */
export const keyExchanges = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
] as const;
export type KeyExchangeName = (typeof keyExchanges)[number];
const direction = {
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
  ],
  mac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
  lang: [],
};
/** The signature algorithms for host keys of each type (RFC 8332 for RSA). */
const hostKeyAlgorithms: Readonly<Record<string, readonly string[]>> = { 'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'] };

export const hostKeyAlgorithmsOf = (type: string): readonly string[] => hostKeyAlgorithms[type] ?? [type];

/** The name that turns on strict key exchange (against CVE-2023-48795) comes last: it is not an algorithm. */
export const serverOffer = (hostKeyTypes: readonly string[], kex: readonly KeyExchangeName[] = keyExchanges): KexInit =>
  new KexInit({
    kex: [...kex, 'kex-strict-s-v00@openssh.com'],
    serverHostKey: hostKeyTypes.flatMap(hostKeyAlgorithmsOf),
    cs: direction,
    sc: direction,
  });

/** Our agent talks to our relay, whose first key is ed25519. */
export const clientOffer = (): KexInit =>
  new KexInit({
    kex: [...keyExchanges, 'ext-info-c', 'kex-strict-c-v00@openssh.com'],
    serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'],
    cs: direction,
    sc: direction,
  });
