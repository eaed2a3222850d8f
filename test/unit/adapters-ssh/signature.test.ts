import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { generateEcdsaP256, generateEd25519, generateRsa } from '../../../adapters/ssh/keys.ts';
import { type PublicKey, parsePublicKeyBlob } from '../../../adapters/ssh/public-key.ts';
import { verifySignature } from '../../../adapters/ssh/signature.ts';
import { sshMpint, sshString } from '../../../adapters/ssh/ssh-bytes.ts';
import { verifySshSig } from '../../../adapters/ssh/sshsig.ts';
import { keyDirectory } from './harness.ts';

const directory = keyDirectory();
afterAll(() => directory.remove());
const keygen = (...args: string[]) => execFileSync('ssh-keygen', args, { stdio: ['ignore', 'pipe', 'pipe'] });
const message = Buffer.from('what was signed');

const blobKey = (...fields: (string | Buffer)[]): PublicKey => {
  const parsed = parsePublicKeyBlob(Buffer.concat(fields.map(sshString)));
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.key;
};

describe('verifySignature', () => {
  test('RSA with SHA-2, never SHA-1', async () => {
    const pair = await generateRsa(2048);
    const signed = (name: string, hash: 'sha256' | 'sha512') =>
      Buffer.concat([sshString(name), sshString(pair.sign(message, hash))]);
    expect(verifySignature(pair.publicKey, message, signed('rsa-sha2-256', 'sha256'))).toBe(true);
    expect(verifySignature(pair.publicKey, message, signed('rsa-sha2-512', 'sha512'))).toBe(true);
    expect(verifySignature(pair.publicKey, message, signed('rsa-sha2-512', 'sha256'))).toBe(false);
    const sha1 = sign('sha1', message, createPrivateKey(pair.pem()));
    expect(verifySignature(pair.publicKey, message, Buffer.concat([sshString('ssh-rsa'), sshString(sha1)]))).toBe(
      false,
    );
  });

  test('an algorithm of another key type, a changed message and cut-off bytes are false', () => {
    const pair = generateEd25519();
    const signature = Buffer.concat([sshString('ssh-ed25519'), sshString(pair.sign(message))]);
    expect(verifySignature(pair.publicKey, message, signature)).toBe(true);
    expect(verifySignature(generateEd25519().publicKey, message, signature)).toBe(false);
    expect(verifySignature(generateEcdsaP256().publicKey, message, signature)).toBe(false);
    expect(verifySignature(pair.publicKey, Buffer.from('else'), signature)).toBe(false);
    for (let length = 0; length < signature.length; length += 1) {
      expect(verifySignature(pair.publicKey, message, signature.subarray(0, length))).toBe(false);
    }
    expect(verifySignature(pair.publicKey, message, Buffer.concat([signature, Buffer.of(0)]))).toBe(false);
  });

  // A security key in software, after OpenSSH's PROTOCOL.u2f.
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest();
  const touched = (flags: number, over = message) =>
    Buffer.concat([sha256('ssh:'), Buffer.of(flags, 0, 0, 0, 9), sha256(over)]);
  const tail = (flags: number) => Buffer.of(flags, 0, 0, 0, 9);

  test('sk-ssh-ed25519, only with the user present', () => {
    const pair = generateEd25519();
    const key = blobKey('sk-ssh-ed25519@openssh.com', pair.publicKey.blob.subarray(-32), 'ssh:');
    const signed = (flags: number, said = flags) =>
      Buffer.concat([sshString('sk-ssh-ed25519@openssh.com'), sshString(pair.sign(touched(flags))), tail(said)]);
    expect(verifySignature(key, message, signed(1))).toBe(true);
    expect(verifySignature(key, message, signed(5))).toBe(true);
    expect(verifySignature(key, message, signed(0))).toBe(false);
    expect(verifySignature(key, message, signed(0, 1))).toBe(false);
    expect(verifySignature(key, Buffer.from('else'), signed(1))).toBe(false);
    expect(
      verifySignature(key, message, Buffer.concat([sshString('ssh-ed25519'), sshString(pair.sign(message))])),
    ).toBe(false);
  });

  test('sk-ecdsa-sha2-nistp256', () => {
    const pair = generateEcdsaP256();
    const key = blobKey('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', pair.publicKey.blob.subarray(-65), 'ssh:');
    const raw = sign('sha256', touched(1), { key: createPrivateKey(pair.pem()), dsaEncoding: 'ieee-p1363' });
    const numbers = Buffer.concat([sshMpint(raw.subarray(0, 32)), sshMpint(raw.subarray(32))]);
    const signature = Buffer.concat([sshString('sk-ecdsa-sha2-nistp256@openssh.com'), sshString(numbers), tail(1)]);
    expect(verifySignature(key, message, signature)).toBe(true);
    expect(verifySignature(key, Buffer.from('else'), signature)).toBe(false);
  });
});

describe('verifySshSig', () => {
  test.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa 256', ['-t', 'ecdsa', '-b', '256']],
    ['ecdsa 384', ['-t', 'ecdsa', '-b', '384']],
    ['ecdsa 521', ['-t', 'ecdsa', '-b', '521']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
  ])('accepts what ssh-keygen signed with %s, for its message and namespace only', (name, args) => {
    const file = directory.path(`sig-${name.replace(' ', '-')}`);
    keygen('-q', '-N', '', '-f', file, ...args);
    for (let turn = 0; turn < (name.startsWith('ecdsa') ? 20 : 1); turn += 1) {
      writeFileSync(`${file}.msg`, `${message}${turn}`);
      keygen('-Y', 'sign', '-f', file, '-n', 'sallyport', `${file}.msg`);
      const armored = readFileSync(`${file}.msg.sig`, 'utf8');
      const [, base64] = readFileSync(`${file}.pub`, 'utf8').split(' ');
      expect(verifySshSig(armored, Buffer.from(`${message}${turn}`), 'sallyport')).toMatchObject({
        ok: true,
        key: { base64 },
      });
      expect(verifySshSig(armored, Buffer.from('else'), 'sallyport')).toEqual({
        ok: false,
        why: 'the signature does not match',
      });
      expect(verifySshSig(armored, Buffer.from(`${message}${turn}`), 'git')).toMatchObject({ ok: false });
      execFileSync('rm', [`${file}.msg.sig`]);
    }
  });

  test.each(['', 'no armor', '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----'])(
    'refuses %j',
    (text) => {
      expect(verifySshSig(text, message, 'sallyport')).toMatchObject({ ok: false });
    },
  );
});
