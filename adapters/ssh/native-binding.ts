import ssh2Crypto from 'ssh2/lib/protocol/crypto.js';

/**
 * Whether ssh2's native crypto addon loaded. It is built for one Node ABI and falls back silently to JavaScript at
 * 1.5-3 times the CPU per byte, so every process says at its start, in log and metric, which one it runs with.
 */
export const nativeCrypto: boolean = ssh2Crypto.bindingAvailable;
